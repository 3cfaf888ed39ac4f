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

template <class T>
void expect_infinity_and_nan(Dtype dtype) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<T> a(64, T(kInfinity));
  const std::vector<T> b(64, T(-kInfinity));
  const std::vector<T> c(64, T(1.0F));
  std::vector<T> out(64);
  sum_parts(dtype, out.data(), std::array<const void*, 2>{a.data(), c.data()}, 64);
  for (const T value : out) EXPECT_EQ(static_cast<float>(value), kInfinity);
  sum_parts(dtype, out.data(), std::array<const void*, 2>{a.data(), b.data()}, 64);
  for (const T value : out) EXPECT_TRUE(std::isnan(static_cast<float>(value)));
}

TEST(SumParts, KeepsInfinityAndNaN) {
  expect_infinity_and_nan<BFloat16>(Dtype::kBF16);
  expect_infinity_and_nan<Float16>(Dtype::kF16);
}

TEST(SumParts, EveryHalfAndItsDoubleAreExact) {  // subnormals, the largest, those that overflow
  std::vector<Float16> all(1U << 16), out(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i].bits = static_cast<std::uint16_t>(i);
  const std::array<const void*, 2> parts = {all.data(), all.data()};
  for (const std::size_t ranks : {1U, 2U}) {
    sum_parts(Dtype::kF16, out.data(), std::span(parts).first(ranks), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Float16 expected(static_cast<float>(all[i]) * static_cast<float>(ranks));
      if (std::isnan(static_cast<float>(expected))) {
        ASSERT_TRUE(std::isnan(static_cast<float>(out[i]))) << i;
      } else {
        ASSERT_EQ(out[i].bits, expected.bits) << i;
      }
    }
  }
}

}  // namespace
}  // namespace tpscale
