#include "model/cost.h"

#include <gtest/gtest.h>

#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

/// 1 layer, hidden 8, 2 heads of 4, 1 KV head, intermediate 16, vocabulary 10, tied, q/k norms.
ModelConfig small() {
  ModelConfig config;
  config.vocab_size = 10;
  config.hidden_size = 8;
  config.intermediate_size = 16;
  config.num_layers = 1;
  config.num_heads = 2;
  config.num_kv_heads = 1;
  config.head_dim = 4;
  config.qk_norm = true;
  config.tied_embeddings = true;
  return config;
}

// By hand: qkv (8 + 4 + 4) x 8 = 128, o 8 x 8 = 64, gate and up 2 x 16 x 8 = 256, down 8 x 16 = 128: 576
// weights. Vectors: two norms of 8, q and k norm of 4 each, final norm 8: 32 floats. Head 10 x 8 = 80.
TEST(StepCost, OneRankByHand) {
  const StepCost cost = step_cost(small(), plan_shard(small(), 1, 0), Dtype::kBF16, {5, 2, 15, 5});
  EXPECT_EQ(cost.gemm_flops, 2.0 * 5 * 576 + 2.0 * 2 * 80);
  EXPECT_EQ(cost.attention_flops, 4.0 * 4 * 2 * 15);
  EXPECT_EQ(cost.weight_bytes, 2.0 * (576 + 80) + 4.0 * 32 + 2.0 * 5 * 8);
  EXPECT_EQ(cost.kv_bytes, (2.0 * 1 * 4 * 2) * (5 + 5));
  EXPECT_EQ(cost.all_reduce_bytes, 0.0);
  EXPECT_EQ(cost.all_gather_bytes, 0.0);
  EXPECT_EQ(cost.flops(), cost.gemm_flops + cost.attention_flops);
}

// Two ranks: qkv (4 + 4 + 4) x 8 = 96 (the KV head is replicated), o 8 x 4 = 32, gate and up 128, down 64:
// 320. Head 5 x 8.
TEST(StepCost, OneOfTwoRanksByHand) {
  const StepCost cost = step_cost(small(), plan_shard(small(), 2, 1), Dtype::kF32, {5, 2, 15, 5});
  EXPECT_EQ(cost.gemm_flops, 2.0 * 5 * 320 + 2.0 * 2 * 40);
  EXPECT_EQ(cost.attention_flops, 4.0 * 4 * 1 * 15);
  EXPECT_EQ(cost.weight_bytes, 4.0 * (320 + 40) + 4.0 * 32 + 4.0 * 5 * 8 / 2);
  EXPECT_EQ(cost.all_reduce_bytes, 3.0 * 5 * 8 * 4);
  EXPECT_EQ(cost.all_gather_bytes, 2.0 * 10 * 4);
}

TEST(StepCost, AStepWithoutLogitsDoesNotReadTheHead) {
  const ModelShard shard = plan_shard(small(), 1, 0);
  const StepCost with = step_cost(small(), shard, Dtype::kBF16, {5, 1, 15, 5});
  const StepCost without = step_cost(small(), shard, Dtype::kBF16, {5, 0, 15, 5});
  EXPECT_EQ(with.weight_bytes - without.weight_bytes, 160.0);
}

TEST(WeightBytes, CountTheParametersOfTheRank) {
  EXPECT_EQ(weight_bytes(small(), plan_shard(small(), 1, 0), Dtype::kBF16), 2 * (576 + 80) + 4 * 32);
  ModelConfig untied = small();
  untied.tied_embeddings = false;
  untied.qkv_bias = untied.o_bias = true;
  untied.mlp_bias = true;
  // Biases: qkv 8 (of 2 ranks, KV replicated: 4 + 4 + 4 = 12), gate and up 16, on rank 0 also o and down, 8
  // each.
  EXPECT_EQ(weight_bytes(untied, plan_shard(untied, 2, 0), Dtype::kF32),
            4 * (320 + 80) + 4 * (32 + 12 + 16 + 16));
  EXPECT_EQ(weight_bytes(untied, plan_shard(untied, 2, 1), Dtype::kF32), 4 * (320 + 80) + 4 * (32 + 12 + 16));
  const ModelConfig qwen = preset_config("qwen3-0.6b");
  EXPECT_NEAR(static_cast<double>(weight_bytes(qwen, plan_shard(qwen, 1, 0), Dtype::kBF16)),
              2.0 * static_cast<double>(parameter_count(qwen)), 2e5);
}

TEST(KvBytesPerToken, CountsThisRanksHeads) {
  const ModelConfig qwen = preset_config("qwen3-0.6b");
  EXPECT_EQ(kv_bytes_per_token(qwen, plan_shard(qwen, 1, 0), Dtype::kBF16), 2 * 28 * 8 * 128 * 2);
  EXPECT_EQ(kv_bytes_per_token(qwen, plan_shard(qwen, 8, 3), Dtype::kBF16), 2 * 28 * 1 * 128 * 2);
}

}  // namespace
}  // namespace tpscale
