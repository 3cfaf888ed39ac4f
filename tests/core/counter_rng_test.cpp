#include "core/counter_rng.h"

#include <gtest/gtest.h>

namespace tpscale {
namespace {

TEST(CounterRng, NormalHasMeanZeroAndVarianceOne) {
  constexpr int kCount = 200'000;
  double sum = 0.0;
  double squares = 0.0;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    const double value = counter_normal(7, i);
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kCount, 0.0, 0.01);  // 4.5 standard errors
  EXPECT_NEAR(squares / kCount, 1.0, 0.015);
}

TEST(CounterRng, AnElementDependsOnSeedAndIndexAlone) {
  EXPECT_EQ(counter_bits(1, 5), counter_bits(1, 5));
  EXPECT_NE(counter_bits(1, 5), counter_bits(2, 5));
  EXPECT_NE(counter_bits(1, 5), counter_bits(1, 6));
}

}  // namespace
}  // namespace tpscale
