#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bench/store/point.h"

namespace tpscale {

/// The member of an option struct that a flag sets.
using OptionTarget = std::variant<bool*, int*, std::int64_t*, std::uint64_t*, double*, std::string*,
                                  std::vector<std::int64_t>*, std::vector<std::string>*>;

/// One option, taken from a struct's visit_fields.
struct OptionRow {
  std::string name;  ///< kebab-case, without dashes
  OptionTarget target;
  std::string help;
  std::string group;       ///< heading in the help
  std::string short_flag;  ///< "-o" or empty
  bool hidden = false;     ///< for tests; not in the help
  bool positional = false;
  bool given = false;  ///< set on the command line or in the configuration file
};

/// All options of one command. Flags, help, configuration keys and stored values derive from its rows.
class OptionTable {
 public:
  /// Adds every field of `options`, which must outlive the table.
  template <class Options>
  void add(const std::string& group, Options& options) {
    Options::visit_fields(options, [&](std::string_view name, auto& member, std::string_view help) {
      rows_.push_back(
          {std::string(name), OptionTarget(&member), std::string(help), group, "", false, false, false});
    });
  }
  OptionRow& row(std::string_view name);  ///< InternalError where there is none
  OptionRow* find(std::string_view name) noexcept;
  bool given(std::string_view name) const noexcept;
  std::vector<OptionRow>& rows() noexcept { return rows_; }
  const std::vector<OptionRow>& rows() const noexcept { return rows_; }

 private:
  std::vector<OptionRow> rows_;
};

/// Sets the members of `to` to what those of `from` hold where the user has given them. Both have the same
/// rows.
void copy_given(const OptionTable& from, OptionTable& to);

/// Sets the row's member from text, strictly: the whole text must be of the type, lists are separated by
/// commas. Throws UsageError "--tp wants whole numbers separated by commas, not 'x'".
void assign(OptionRow& row, const std::string& text);
/// What the member holds now, as text for the help.
std::string current_text(const OptionRow& row);
/// "whole number", "number", "text", ...
std::string type_name(const OptionRow& row);

Value to_value(bool value);
Value to_value(int value);
Value to_value(std::int64_t value);
Value to_value(std::uint64_t value);
Value to_value(double value);
Value to_value(const std::string& value);
Value to_value(const std::vector<std::int64_t>& value);
Value to_value(const std::vector<std::string>& value);

/// The store's names of the fields: '-' becomes '_'.
template <class Options>
Values to_values(const Options& options) {
  Values values;
  Options::visit_fields(options, [&](std::string_view name, const auto& member, std::string_view) {
    std::string key(name);
    std::replace(key.begin(), key.end(), '-', '_');
    values.emplace_back(std::move(key), to_value(member));
  });
  return values;
}

}  // namespace tpscale
