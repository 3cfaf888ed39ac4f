#include "bench/store/point.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "bench/store/hash.h"

namespace tpscale {
namespace {

template <class Number>
std::string number_text(Number number) {
  std::array<char, 40> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return {digits.data(), end};
}

struct CanonicalText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return number_text(value); }
  std::string operator()(double value) const { return number_text(value); }
  std::string operator()(const std::string& value) const {
    std::string text;
    for (const char c : value) {
      if (c == '\\')
        text += "\\\\";
      else if (c == '\n')
        text += "\\n";
      else
        text += c;
    }
    return text;
  }
  std::string operator()(const std::vector<std::int64_t>& values) const {
    std::string text(1, '[');
    for (const std::int64_t value : values) {
      if (text.size() > 1) text += ',';
      text += number_text(value);
    }
    text += ']';
    return text;
  }
};

}  // namespace

std::string canonical_text(const Values& values) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : values)
    lines.push_back(name + "=" + std::visit(CanonicalText{}, value) + "\n");
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

std::string point_id(const Point& point) {
  return hash_hex(canonical_text(point.parameters));
}

}  // namespace tpscale
