#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace tpscale {

inline constexpr double kUnstableSpread = 0.10;
inline constexpr std::size_t kFewRepetitions = 8;
inline constexpr std::size_t kFewSamplesP99 = 299;

/// "unstable" where the spread is over 10 %, "few repetitions" where there are fewer than 8.
std::vector<std::string> repetition_marks(std::span<const double> values);
/// "few samples" for a percentile of 99 or more out of fewer than 299 values.
std::vector<std::string> percentile_marks(std::size_t values, double q);

}  // namespace tpscale
