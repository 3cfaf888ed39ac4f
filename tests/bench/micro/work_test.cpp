#include "bench/micro/work.h"

#include <gtest/gtest.h>

namespace tpscale {
namespace {

TEST(Work, AShareFarAboveAMeasuredPeakIsImplausible) {
  const Work work{rate("flops", "FLOP", 2e9), share("of_peak", "FLOP", 2e9, 1e12)};
  EXPECT_FALSE(implausible(work, 2e-3));
  EXPECT_FALSE(implausible(work, 1.8e-3));
  EXPECT_TRUE(implausible(work, 1.7e-3));
  EXPECT_TRUE(implausible(work, 0.0));
}

TEST(Work, WithoutAPeakNothingIsImplausible) {
  EXPECT_FALSE(implausible({rate("bytes", "B", 1e15)}, 1e-9));
  EXPECT_FALSE(implausible({}, 0.0));
}

}  // namespace
}  // namespace tpscale
