#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "core/dtype.h"

namespace tpscale::testing {

/// Half a unit in the last place, relative: what one rounding to the dtype may cost.
inline double rounding(Dtype dtype) {
  return dtype == Dtype::kF32 ? 0x1p-24 : dtype == Dtype::kF16 ? 0x1p-11 : 0x1p-8;
}
/// Half the distance of the smallest numbers, where a rounding is no longer relative.
inline double smallest_rounding(Dtype dtype) {
  return dtype == Dtype::kF16 ? 0x1p-25 : 1e-37;
}
/// Rounding of the fp32 accumulators, whatever the dtype.
inline constexpr double kAccumulator = 0x1p-24;

/// |actual - expected| <= absolute[i] + one rounding of the output. `absolute` is the error analysis of the
/// op.
inline void expect_close(const std::vector<double>& actual, const std::vector<double>& expected,
                         const std::vector<double>& absolute, Dtype output) {
  ASSERT_EQ(actual.size(), expected.size());
  ASSERT_EQ(actual.size(), absolute.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < actual.size() && wrong < 5; ++i) {
    const double allowed =
        absolute[i] + (std::abs(expected[i]) + absolute[i]) * rounding(output) + smallest_rounding(output);
    if (!(std::abs(actual[i] - expected[i]) <= allowed)) {
      ++wrong;
      ADD_FAILURE() << "element " << i << " is " << actual[i] << ", expected " << expected[i] << " +- "
                    << allowed;
    }
  }
}

/// The error of every element is at most `relative` of its value (and one rounding of the output).
inline void expect_close(const std::vector<double>& actual, const std::vector<double>& expected,
                         double relative, Dtype output) {
  std::vector<double> absolute;
  absolute.reserve(expected.size());
  for (const double value : expected) absolute.push_back(std::abs(value) * relative);
  expect_close(actual, expected, absolute, output);
}

}  // namespace tpscale::testing
