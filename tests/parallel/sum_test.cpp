#include "parallel/exchange/sum.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "core/counter_rng.h"

namespace tpscale {
namespace {

template <class T>
std::vector<T> random_values(std::uint64_t seed, std::size_t count) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = T(counter_normal(seed, i) * (i % 17 == 0 ? 1e-30F : 1.0F));
  return values;
}

template <class T>
void expect_sum_as_defined(Dtype dtype, std::size_t ranks, std::size_t count) {
  std::vector<std::vector<T>> inputs;
  std::vector<const void*> parts;
  for (std::size_t r = 0; r < ranks; ++r)
    parts.push_back(inputs.emplace_back(random_values<T>(r, count)).data());
  std::vector<T> expected(count);
  for (std::size_t i = 0; i < count; ++i) {
    float sum = static_cast<float>(inputs[0][i]);
    for (std::size_t r = 1; r < ranks; ++r) sum += static_cast<float>(inputs[r][i]);
    expected[i] = T(sum);
  }
  sum_parts(dtype, inputs[ranks - 1].data(), parts, count);  // into one of the parts
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(static_cast<float>(inputs[ranks - 1][i]), static_cast<float>(expected[i]))
        << i << " of " << count;
  }
}

TEST(SumParts, IsTheSumInRankOrderRoundedOnce) {
  for (const std::size_t ranks : {1U, 2U, 3U, 8U}) {
    for (const std::size_t count : {1U, 7U, 511U, 513U, 2000U}) {
      expect_sum_as_defined<float>(Dtype::kF32, ranks, count);
      expect_sum_as_defined<BFloat16>(Dtype::kBF16, ranks, count);
      expect_sum_as_defined<Float16>(Dtype::kF16, ranks, count);
    }
  }
}

TEST(SumParts, KeepsInfinityAndNaN) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<BFloat16> a(64, BFloat16(kInfinity));
  const std::vector<BFloat16> b(64, BFloat16(-kInfinity));
  const std::vector<BFloat16> c(64, BFloat16(1.0F));
  std::vector<BFloat16> out(64);
  sum_parts(Dtype::kBF16, out.data(), std::array<const void*, 2>{a.data(), c.data()}, 64);
  for (const BFloat16 value : out) EXPECT_EQ(static_cast<float>(value), kInfinity);
  sum_parts(Dtype::kBF16, out.data(), std::array<const void*, 2>{a.data(), b.data()}, 64);
  for (const BFloat16 value : out) EXPECT_TRUE(std::isnan(static_cast<float>(value)));
}

}  // namespace
}  // namespace tpscale
