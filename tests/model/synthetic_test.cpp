#include "model/synthetic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tpscale {
namespace {

std::vector<BFloat16> read(const SyntheticModel& model, const TensorSlice& slice) {
  std::vector<BFloat16> values(static_cast<std::size_t>(slice.rows * slice.cols));
  model.read(slice, values.data());
  return values;
}

double deviation(const std::vector<BFloat16>& values) {
  double squares = 0.0;
  for (const BFloat16 value : values) squares += std::pow(static_cast<double>(static_cast<float>(value)), 2);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

TEST(SyntheticValues, AreAFunctionOfTheElementsPlace) {
  std::vector<float> whole(20'000), part(9'000);
  synthetic_values(3, 0, 20'000, 1.0F, Dtype::kF32, whole.data());
  for (const std::int64_t first : {0, 1, 2, 3, 4097, 10'001}) {
    synthetic_values(3, first, 9'000, 1.0F, Dtype::kF32, part.data());
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + first)) << first;
  }
  synthetic_values(4, 0, 9'000, 1.0F, Dtype::kF32, part.data());
  EXPECT_FALSE(std::equal(part.begin(), part.end(), whole.begin()));
}

TEST(SyntheticValues, AreUniformAndWithoutCorrelation) {
  std::vector<float> values(400'000);
  synthetic_values(9, 0, 400'000, 2.0F, Dtype::kF32, values.data());
  double sum = 0.0, squares = 0.0;
  std::vector<double> products(9, 0.0);
  for (std::size_t i = 0; i + 9 < values.size(); ++i) {
    const double value = values[i];
    ASSERT_LE(std::abs(value), 2.0);
    sum += value;
    squares += value * value;
    for (std::size_t lag = 1; lag < 9; ++lag) products[lag] += value * static_cast<double>(values[i + lag]);
  }
  const auto n = static_cast<double>(values.size());
  EXPECT_NEAR(sum / n, 0.0, 0.01);            // standard error 0.0018
  EXPECT_NEAR(squares / n, 4.0 / 3.0, 0.01);  // standard error 0.0019
  for (std::size_t lag = 1; lag < 9; ++lag) EXPECT_NEAR(products[lag] / n, 0.0, 0.012) << "lag " << lag;
}

TEST(SyntheticModel, SlicesArePartsOfTheWhole) {
  const SyntheticModel model(preset_config("tiny"), 5);
  const std::string name = "model.layers.2.mlp.down_proj.weight";  // [128, 256]
  const auto whole = read(model, {name, 0, 128, 0, 256});
  const auto part = read(model, {name, 10, 20, 64, 64});
  for (std::size_t r = 0; r < 20; ++r) {
    for (std::size_t c = 0; c < 64; ++c)
      ASSERT_EQ(part[r * 64 + c].bits, whole[(10 + r) * 256 + 64 + c].bits);
  }
}

TEST(SyntheticModel, ScalesFollowTheFanIn) {
  const SyntheticModel model(preset_config("tiny"), 5);
  const auto of = [&](const char* name, std::int64_t rows, std::int64_t cols) {
    return deviation(read(model, {name, 0, rows, 0, cols}));
  };
  EXPECT_NEAR(of("model.layers.0.mlp.down_proj.weight", 128, 256), 1.3 / 16.0, 0.002);
  EXPECT_NEAR(of("model.layers.0.self_attn.v_proj.weight", 128, 128), 1.3 / std::sqrt(128.0), 0.003);
  EXPECT_NEAR(of("model.layers.0.self_attn.q_proj.weight", 128, 128), 1.75 / std::sqrt(128.0), 0.004);
  EXPECT_NEAR(of("lm_head.weight", 512, 128), 0.5 / std::sqrt(128.0), 0.001);
  EXPECT_NEAR(of("model.embed_tokens.weight", 512, 128), 1.0, 0.01);
  EXPECT_EQ(of("model.norm.weight", 1, 128), 1.0);
}

TEST(SyntheticModel, TheHashFollowsSeedAndConfiguration) {
  const std::string hash = SyntheticModel(preset_config("tiny"), 5).weights_hash();
  EXPECT_EQ(SyntheticModel(preset_config("tiny"), 5).weights_hash(), hash);
  EXPECT_NE(SyntheticModel(preset_config("tiny"), 6).weights_hash(), hash);
  EXPECT_NE(SyntheticModel(preset_config("qwen3-0.6b"), 5).weights_hash(), hash);
}

}  // namespace
}  // namespace tpscale
