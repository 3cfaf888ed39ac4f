#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tpscale {

/// A JSON value that nobody vouches for, read strictly: no key twice in an object, numbers only as unsigned
/// 64-bit integers or as `double`, at most kMaxDepth containers within one another and kMaxValues values.
/// Every accessor takes the name by which its sentence calls the value, and throws BadDataError
/// "NAME must be ...".
class JsonTree {
 public:
  using Array = std::vector<JsonTree>;
  using Object = std::vector<std::pair<std::string, JsonTree>>;  ///< in the file's order
  using Value = std::variant<std::nullptr_t, bool, std::uint64_t, double, std::string, Array, Object>;
  static constexpr std::size_t kMaxDepth = 24;
  static constexpr std::size_t kMaxValues = 8'000'000;

  JsonTree() = default;
  explicit JsonTree(Value value) : value_(std::move(value)) {}
  /// Throws BadDataError.
  static JsonTree parse(std::string_view text);

  bool is_null() const noexcept { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_text() const noexcept { return std::holds_alternative<std::string>(value_); }
  bool is_array() const noexcept { return std::holds_alternative<Array>(value_); }

  const std::string& text(std::string_view name) const;
  bool boolean(std::string_view name) const;
  std::uint64_t integer(std::string_view name, std::uint64_t largest) const;
  const Array& array(std::string_view name) const;
  const Object& object(std::string_view name) const;

  /// nullptr where this is no object, or has no such key, or null under it.
  const JsonTree* find(std::string_view key) const noexcept;
  /// Throws BadDataError "NAME.KEY is missing".
  const JsonTree& at(std::string_view key, std::string_view name) const;
  bool boolean_or(std::string_view key, bool fallback, std::string_view name) const;

 private:
  Value value_;
};

/// "pre_tokenizer" and "pattern" make "pre_tokenizer.pattern".
std::string join_names(std::string_view name, std::string_view key);

/// The value of "type" in a component. Throws BadDataError where it is none of `known`, and lists them.
std::string component_type(const JsonTree& component, std::string_view name,
                           std::initializer_list<std::string_view> known);

}  // namespace tpscale
