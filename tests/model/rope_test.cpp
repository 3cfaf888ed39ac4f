#include "model/rope.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "backend/backend.h"
#include "model/rotary_table.h"

namespace tpscale {
namespace {

ModelConfig config_with(RopeScaling scaling, double factor) {
  ModelConfig config;
  config.head_dim = 16;
  config.max_position_embeddings = 64;
  config.rope.scaling = scaling;
  config.rope.factor = factor;
  return config;
}

void expect_inverse(const RopeFrequencies& frequencies, const std::vector<double>& expected) {
  ASSERT_EQ(frequencies.inverse.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(frequencies.inverse[i]) / expected[i], 1.0, 5e-7) << "frequency " << i;
  }
}

// The numbers of this file are printed by transformers 4.57.1's ROPE_INIT_FUNCTIONS for the same settings.
TEST(Rope, Default) {
  const auto rope = rope_frequencies(config_with(RopeScaling::kNone, 1.0), 0);
  expect_inverse(rope, {1, 0.316227764, 0.100000001, 0.0316227786, 0.00999999978, 0.00316227786,
                        0.00100000005, 0.000316227786});
  EXPECT_EQ(rope.scale, 1.0);
}

TEST(Rope, Linear) {
  expect_inverse(rope_frequencies(config_with(RopeScaling::kLinear, 4.0), 0),
                 {0.25, 0.079056941, 0.0250000004, 0.00790569466, 0.00249999994, 0.000790569466,
                  0.000250000012, 7.90569466e-05});
}

TEST(Rope, DynamicGrowsWithTheSequence) {
  const ModelConfig config = config_with(RopeScaling::kDynamic, 2.0);
  expect_inverse(rope_frequencies(config, 160), {1, 0.259412825, 0.0672950074, 0.017457189, 0.00452861842,
                                                 0.00117478159, 0.000304753397, 7.90569466e-05});
  EXPECT_EQ(rope_frequencies(config, 64).inverse,
            rope_frequencies(config_with(RopeScaling::kNone, 1.0), 0).inverse);
}

TEST(Rope, Llama3) {
  ModelConfig config = config_with(RopeScaling::kLlama3, 8.0);
  config.rope.theta = 500000.0;
  config.rope.original_max_position_embeddings = 64;
  expect_inverse(rope_frequencies(config, 0), {1, 0.079403013, 0.00470075384, 0.000911583134, 0.000176776681,
                                               3.42810235e-05, 6.64786967e-06, 1.28917316e-06});
}

TEST(Rope, Yarn) {
  ModelConfig config = config_with(RopeScaling::kYarn, 4.0);
  config.max_position_embeddings = 256;
  config.rope.original_max_position_embeddings = 64;
  const auto rope = rope_frequencies(config, 0);
  expect_inverse(rope, {1, 0.237170815, 0.049999997, 0.00790569466, 0.00249999994, 0.000790569466,
                        0.000250000012, 7.90569466e-05});
  EXPECT_NEAR(rope.scale, 1.1386294361119891, 1e-12);
}

TEST(Rope, YarnWithEveryOption) {
  ModelConfig config = config_with(RopeScaling::kYarn, 16.0);
  config.max_position_embeddings = 256;
  config.rope.beta_fast = 16.0;
  config.rope.beta_slow = 2.0;
  config.rope.mscale = 0.7;
  config.rope.mscale_all_dim = 1.2;
  config.rope.truncate = false;
  const auto rope = rope_frequencies(config, 0);
  expect_inverse(rope, {1, 0.285350084, 0.0383304954, 0.00197642366, 0.000624999986, 0.000197642366,
                        6.2500003e-05, 1.97642366e-05});
  EXPECT_NEAR(rope.scale, 0.89597934370937504, 1e-12);
  config.rope.attention_factor = 1.5;
  EXPECT_EQ(rope_frequencies(config, 0).scale, 1.5);
}

TEST(RotaryRows, AreCosinesThenSines) {
  const RopeFrequencies rope = rope_frequencies(config_with(RopeScaling::kNone, 1.0), 0);
  std::vector<float> row(16);
  write_rope_row(rope, 7, row.data());
  EXPECT_NEAR(row[0], std::cos(7.0), 1e-7);
  EXPECT_NEAR(row[8], std::sin(7.0), 1e-7);
  EXPECT_NEAR(row[1], std::cos(7.0 / std::sqrt(10.0)), 1e-6);
  EXPECT_NEAR(row[15], std::sin(7.0e-3 / std::sqrt(10.0)), 1e-6);
}

TEST(RotaryRows, LongDynamicSequencesGetRowsOfTheirOwn) {
  const auto backend = backend_registry().find("cpu").factory({}, {});
  const ModelConfig config = config_with(RopeScaling::kDynamic, 2.0);
  RotaryRows rotary(*backend, config, 100, 4);
  const std::vector<std::int32_t> positions{63, 5, 80, 90}, lengths{64, 160, 81, 160};
  std::vector<std::int32_t> rows(4);
  for (int step = 0; step < 2; ++step) {  // the region is used again by every step
    rotary.rows_of(positions, lengths, rows);
    EXPECT_EQ(rows, (std::vector<std::int32_t>{63, 100, 101, 102}));
  }
  std::vector<float> table(104 * 16), expected(16);
  backend->download(table.data(), rotary.table().rows, table.size() * sizeof(float));
  for (std::size_t t = 0; t < rows.size(); ++t) {
    write_rope_row(rope_frequencies(config, lengths[t]), positions[t], expected.data());
    const auto* row = table.data() + 16 * rows[t];
    EXPECT_EQ(std::vector<float>(row, row + 16), expected) << "token " << t;
  }
}

TEST(RotaryRows, RefuseAPositionOutsideTheTable) {
  const auto backend = backend_registry().find("cpu").factory({}, {});
  const ModelConfig config = config_with(RopeScaling::kNone, 1.0);
  RotaryRows rotary(*backend, config, 10, 4);
  const std::vector<std::int32_t> positions{10}, lengths{11};
  std::vector<std::int32_t> rows(1);
  EXPECT_THROW(rotary.rows_of(positions, lengths, rows), InternalError);
}

}  // namespace
}  // namespace tpscale
