#include "bench/cli/option_table.h"

#include <charconv>
#include <sstream>
#include <type_traits>

#include "core/check.h"
#include "core/error.h"
#include "core/printable.h"

namespace tpscale {
namespace {

[[noreturn]] void refuse(const OptionRow& row, const std::string& text) {
  throw UsageError((row.positional ? row.name : "--" + row.name) + " wants " + type_name(row) + ", not '" +
                   printable(text) + "'");
}

template <class Number>
bool parse_number(const std::string& text, Number& number) {
  Number parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  number = parsed;
  return true;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  std::istringstream stream(text);
  while (std::getline(stream, part, ',')) parts.push_back(part);
  return parts;
}

template <class T>
std::string joined(const std::vector<T>& values) {
  std::ostringstream out;
  for (std::size_t i = 0; i < values.size(); ++i) out << (i == 0 ? "" : ",") << values[i];
  return out.str();
}

struct Assign {
  OptionRow& row;
  const std::string& text;

  void operator()(bool* member) const {
    if (text == "true" || text == "1" || text == "on") {
      *member = true;
    } else if (text == "false" || text == "0" || text == "off") {
      *member = false;
    } else {
      refuse(row, text);
    }
  }
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void operator()(Number* member) const {
    if (!parse_number(text, *member)) refuse(row, text);
  }
  void operator()(std::string* member) const { *member = text; }
  void operator()(std::vector<std::string>* member) const { *member = split_at_commas(text); }
  void operator()(std::vector<std::int64_t>* member) const {
    std::vector<std::int64_t> list;
    for (const std::string& part : split_at_commas(text)) {
      if (!parse_number(part, list.emplace_back())) refuse(row, text);
    }
    if (list.empty()) refuse(row, text);
    *member = std::move(list);
  }
};

struct TypeName {
  std::string operator()(const bool*) const { return "true or false"; }
  std::string operator()(const int*) const { return "a whole number"; }
  std::string operator()(const std::int64_t*) const { return "a whole number"; }
  std::string operator()(const std::uint64_t*) const { return "a whole number of 0 or more"; }
  std::string operator()(const double*) const { return "a number"; }
  std::string operator()(const std::string*) const { return "a text"; }
  std::string operator()(const std::vector<std::int64_t>*) const {
    return "whole numbers separated by commas";
  }
  std::string operator()(const std::vector<std::string>*) const { return "names separated by commas"; }
};

struct CurrentText {
  std::string operator()(const bool* member) const { return *member ? "true" : "false"; }
  std::string operator()(const std::string* member) const { return *member; }
  template <class T>
  std::string operator()(const std::vector<T>* member) const {
    return joined(*member);
  }
  template <class Number>
  requires std::is_arithmetic_v<Number> std::string operator()(const Number* member) const {
    std::ostringstream out;
    out << *member;
    return out.str();
  }
};

}  // namespace

OptionRow* OptionTable::find(std::string_view name) noexcept {
  const auto it =
      std::find_if(rows_.begin(), rows_.end(), [&](const OptionRow& row) { return row.name == name; });
  return it == rows_.end() ? nullptr : &*it;
}

OptionRow& OptionTable::row(std::string_view name) {
  OptionRow* found = find(name);
  check(found != nullptr, "an option that is not in its table");
  return *found;
}

bool OptionTable::given(std::string_view name) const noexcept {
  return std::any_of(rows_.begin(), rows_.end(),
                     [&](const OptionRow& row) { return row.name == name && row.given; });
}

void copy_given(const OptionTable& from, OptionTable& to) {
  for (const OptionRow& row : from.rows()) {
    if (!row.given) continue;
    OptionRow& target = to.row(row.name);
    std::visit(
        [&](auto* member) {
          using Member = std::remove_pointer_t<decltype(member)>;
          *member = *std::get<Member*>(row.target);
        },
        target.target);
    target.given = true;
  }
}

void assign(OptionRow& row, const std::string& text) {
  std::visit(Assign{row, text}, row.target);
  row.given = true;
}

std::string current_text(const OptionRow& row) {
  return std::visit([](const auto* member) { return CurrentText{}(member); }, row.target);
}

std::string type_name(const OptionRow& row) {
  return std::visit(TypeName{}, row.target);
}

Value to_value(bool value) {
  return value;
}
Value to_value(int value) {
  return static_cast<std::int64_t>(value);
}
Value to_value(std::int64_t value) {
  return value;
}
Value to_value(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
Value to_value(double value) {
  return value;
}
Value to_value(const std::string& value) {
  return value;
}
Value to_value(const std::vector<std::int64_t>& value) {
  return value;
}
Value to_value(const std::vector<std::string>& value) {
  return joined(value);
}

}  // namespace tpscale
