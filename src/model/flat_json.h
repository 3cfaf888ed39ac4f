#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "core/printable.h"

namespace tpscale {

/// A JSON text that nobody vouches for, as a flat map from path to value: {"rope_scaling": {"factor": 8.0}}
/// holds "rope_scaling" -> Container and "rope_scaling/factor" -> 8.0; elements of arrays are numbered from
/// 0. Strict: one object and nothing else, no key twice (a slash in a key counts as a step), integers apart
/// from fractions, integers that do not fit 64 bits are fractions, at most kMaxDepth containers within one
/// another.
class FlatJson {
 public:
  struct Container {};
  struct Null {};
  using Value = std::variant<Null, Container, bool, std::uint64_t, std::int64_t, double, std::string>;
  static constexpr std::size_t kMaxDepth = 8;

  /// `name` begins every sentence, usually the path of the file. Throws BadDataError.
  FlatJson(std::string_view text, const std::string& name);

  /// nullptr where the path is absent or null.
  const Value* find(const std::string& path) const;
  const std::map<std::string, Value>& values() const noexcept { return values_; }

  /// Typed reads; each returns `fallback` where the value is absent or null, and throws BadDataError where it
  /// is of another type or outside [lowest, largest].
  std::int64_t integer(const std::string& path, std::int64_t lowest, std::int64_t largest,
                       std::int64_t fallback) const;
  double number(const std::string& path, double lowest, double largest, double fallback) const;
  bool boolean(const std::string& path, bool fallback) const;
  std::string text(const std::string& path, const std::string& fallback) const;
  /// Throws BadDataError "NAME: KEY is missing" where the path is absent or null.
  void require(const std::string& path) const;
  [[noreturn]] void fail(const std::string& sentence) const;

 private:
  std::string name_;
  std::map<std::string, Value> values_;
};

}  // namespace tpscale
