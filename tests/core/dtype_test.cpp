#include "core/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace tpscale {
namespace {

TEST(Dtype, NamesRoundTripAndUnknownOnesAreUsageErrors) {
  for (const Dtype dtype : {Dtype::kF32, Dtype::kBF16, Dtype::kF16})
    EXPECT_EQ(parse_dtype(to_string(dtype)), dtype);
  EXPECT_THROW(parse_dtype("fp8"), UsageError);
}

TEST(Dtype, BFloat16RoundsToNearestEven) {
  EXPECT_EQ(BFloat16(1.0F).bits, 0x3F80);
  EXPECT_EQ(BFloat16(std::bit_cast<float>(0x3F808000u)).bits, 0x3F80);  // a tie goes to the even neighbour
  EXPECT_EQ(BFloat16(std::bit_cast<float>(0x3F818000u)).bits, 0x3F82);
  EXPECT_EQ(BFloat16(std::bit_cast<float>(0x3F808001u)).bits, 0x3F81);
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Dtype, EveryHalfSurvivesTheWayThroughFloat) {
  for (std::uint32_t bits = 0; bits < 0x10000u; ++bits) {
    Float16 half;
    half.bits = static_cast<std::uint16_t>(bits);
    const float wide = static_cast<float>(half);
    if (std::isnan(wide)) continue;
    ASSERT_EQ(Float16(wide).bits, half.bits) << bits;
  }
}

TEST(Dtype, Float16RoundsToNearestEvenAtEverySize) {
  EXPECT_EQ(Float16(65504.0F).bits, 0x7BFF);
  EXPECT_EQ(Float16(65519.9F).bits, 0x7BFF);
  EXPECT_EQ(Float16(65520.0F).bits, 0x7C00);
  EXPECT_EQ(Float16(0x1p-24F).bits, 0x0001);
  EXPECT_EQ(Float16(0x1p-25F).bits, 0x0000);               // a tie with zero, which is even
  EXPECT_EQ(Float16(std::ldexp(3.0F, -25)).bits, 0x0002);  // 1.5 steps: a tie, up to the even one
  EXPECT_EQ(Float16(1.0F + 0x1p-11F).bits, 0x3C00);
  EXPECT_EQ(Float16(1.0F + 3 * 0x1p-11F).bits, 0x3C02);
}

}  // namespace
}  // namespace tpscale
