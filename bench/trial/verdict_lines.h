#pragma once
#include <span>
#include <string>

#include "bench/store/point.h"

namespace tpscale {

bool all_passed(std::span<const Point> points);
/// "verdicts passed: 12", then a line for each that failed and each point that could not be measured.
std::string verdict_lines(std::span<const Point> points);

}  // namespace tpscale
