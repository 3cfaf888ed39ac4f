#include "parallel/shard_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/error.h"

namespace tpscale {
namespace {

using testing::HasSubstr;

std::string refusal(const ModelConfig& config, int degree) {
  try {
    plan_shard(config, degree, 0);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(ShardPlan, OneRankOwnsTheWholeModel) {
  const ModelConfig config = preset_config("qwen3-0.6b");
  const ModelShard shard = plan_shard(config, 1, 0);
  EXPECT_EQ(shard.num_heads, 16);
  EXPECT_EQ(shard.num_kv_heads, 8);
  EXPECT_EQ(shard.intermediate_size, 3072);
  EXPECT_EQ(shard.vocab_size, 151936);
  EXPECT_EQ(shard.first_head + shard.first_kv_head + shard.first_intermediate + shard.first_vocab, 0);
}

TEST(ShardPlan, PartsOfAllRanksCoverTheModelOnce) {
  const ModelConfig config = preset_config("qwen3-0.6b");
  for (const int degree : {2, 4, 8}) {
    std::int64_t head = 0, kv_head = 0, intermediate = 0, vocab = 0;
    for (int rank = 0; rank < degree; ++rank) {
      const ModelShard shard = plan_shard(config, degree, rank);
      EXPECT_EQ(shard.first_head, head);
      EXPECT_EQ(shard.first_kv_head, kv_head);
      EXPECT_EQ(shard.first_intermediate, intermediate);
      EXPECT_EQ(shard.first_vocab, vocab);
      head += shard.num_heads;
      kv_head += shard.num_kv_heads;
      intermediate += shard.intermediate_size;
      vocab += shard.vocab_size;
    }
    EXPECT_EQ(head, config.num_heads);
    EXPECT_EQ(kv_head, config.num_kv_heads);
    EXPECT_EQ(intermediate, config.intermediate_size);
    EXPECT_EQ(vocab, config.vocab_size);
  }
}

TEST(ShardPlan, KvHeadsAreReplicatedWhereThereAreFewerThanRanks) {
  ModelConfig config = preset_config("tiny");
  config.num_kv_heads = 2;
  std::vector<std::int64_t> kv_head_of_rank;
  for (int rank = 0; rank < 8; ++rank) {
    const ModelShard shard = plan_shard(config, 8, rank);
    EXPECT_EQ(shard.num_kv_heads, 1);
    kv_head_of_rank.push_back(shard.first_kv_head);
  }
  EXPECT_EQ(kv_head_of_rank, (std::vector<std::int64_t>{0, 0, 0, 0, 1, 1, 1, 1}));
}

TEST(ShardPlan, AVocabularyThatDoesNotDivideIsPaddedAlike) {
  ModelConfig config = preset_config("tiny");
  config.vocab_size = 331;
  for (int rank = 0; rank < 8; ++rank) {
    EXPECT_EQ(plan_shard(config, 8, rank).vocab_size, 42);
    EXPECT_EQ(plan_shard(config, 8, rank).first_vocab, 42 * rank);
  }
}

TEST(ShardPlan, NamesTheRuleThatFails) {
  const ModelConfig config = preset_config("qwen3-0.6b");
  EXPECT_THAT(refusal(config, 3), HasSubstr("16 attention heads must be divisible"));
  EXPECT_THAT(refusal(config, 0), HasSubstr("at least 1"));
  ModelConfig odd = preset_config("tiny");
  odd.intermediate_size = 258;
  EXPECT_THAT(refusal(odd, 4), HasSubstr("intermediate size 258"));
  odd = preset_config("tiny");
  odd.num_heads = 12;
  odd.num_kv_heads = 3;
  EXPECT_THAT(refusal(odd, 4), HasSubstr("3 KV heads"));
}

}  // namespace
}  // namespace tpscale
