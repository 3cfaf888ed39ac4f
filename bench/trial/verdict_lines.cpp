#include "bench/trial/verdict_lines.h"

#include <algorithm>

namespace tpscale {
namespace {

std::string place_of(const Point& point) {
  for (const auto& [name, value] : point.parameters) {
    if (name == "tp") return "tp " + std::to_string(std::get<std::int64_t>(value));
  }
  return point.test_name;
}

}  // namespace

bool all_passed(std::span<const Point> points) {
  return std::ranges::all_of(
      points, [](const Point& point) { return std::ranges::all_of(point.verdicts, &Verdict::passed); });
}

std::string verdict_lines(std::span<const Point> points) {
  std::string text;
  std::size_t passed = 0;
  for (const Point& point : points) {
    for (const Verdict& verdict : point.verdicts) {
      if (verdict.passed) {
        ++passed;
      } else {
        text += "FAILED at " + place_of(point) + ": " + verdict.name + ": " + verdict.sentence + "\n";
      }
    }
    if (point.status != "measured")
      text += place_of(point) + " " + point.status + ": " + point.status_reason + "\n";
  }
  return "verdicts passed: " + std::to_string(passed) + "\n" + text;
}

}  // namespace tpscale
