// One rank of a group, run alone.
#include "engine/replay.h"

#include <gtest/gtest.h>

#include "comm/replay.h"
#include "core/error.h"
#include "engine_harness.h"
#include "support/run_on_ranks.h"

namespace tpscale {
namespace {

using test::EngineHarness;
using test::random_requests;

/// What a rank holds and does.
struct Account {
  std::array<std::size_t, kMemoryKinds> memory{};
  std::vector<std::vector<std::int64_t>> steps;
  std::size_t tokens = 0;
  friend bool operator==(const Account&, const Account&) = default;
};

Account account_of(Communicator& comm, std::span<const Request> requests) {
  EngineOptions options;
  options.block_size = 8;
  EngineHarness engine("tiny", options, requests, 0, &comm);
  const RunResult result = engine->run(requests);
  Account account;
  account.memory = engine.backend().memory().use().by_kind;
  for (const StepRecord& step : result.steps) {
    account.steps.push_back({step.shape.num_tokens, step.shape.num_logits, step.shape.attention_pairs});
  }
  for (const RequestResult& request : result.requests) account.tokens += request.tokens.size();
  return account;
}

TEST(ShardReplay, HoldsAndDoesWhatATrueRankOfTheGroupDoes) {
  const auto requests = random_requests(6, 512, 40, 12, 4);
  for (const int size : {2, 4}) {
    std::vector<Account> ranks(static_cast<std::size_t>(size));
    test::run_on_ranks(size, [&](Communicator& comm) {
      ranks[static_cast<std::size_t>(comm.rank())] = account_of(comm, requests);
    });
    for (int rank = 0; rank < size; ++rank) {
      ReplayCommunicator alone(rank, size);
      EXPECT_TRUE(account_of(alone, requests) == ranks[static_cast<std::size_t>(rank)])
          << "rank " << rank << " of " << size;
    }
  }
}

TEST(ShardReplay, FoldedPromptsHitTheShardAndNothingElse) {
  const ModelConfig config = preset_config("tiny");
  const auto requests = random_requests(6, 512, 40, 12, 4);
  for (int rank = 0; rank < 4; ++rank) {
    const ModelShard shard = plan_shard(config, 4, rank);
    const auto folded = fold_into_shard(requests, shard, config.vocab_size);
    ASSERT_EQ(folded.size(), requests.size());
    for (std::size_t i = 0; i < folded.size(); ++i) {
      EXPECT_EQ(folded[i].prompt.size(), requests[i].prompt.size());
      EXPECT_EQ(folded[i].max_new_tokens, requests[i].max_new_tokens);
      for (const std::int32_t token : folded[i].prompt) {
        EXPECT_GE(token, shard.first_vocab);
        EXPECT_LT(token, shard.first_vocab + shard.vocab_size);
      }
    }
  }
}

TEST(ReplayCommunicator, TakesPartsOnlyWhereTheGroupWantsThem) {
  std::vector<float> memory(8);
  const TensorView whole(memory.data(), Dtype::kF32, 4, 2);
  ReplayCommunicator second(1, 4);
  EXPECT_NO_THROW(second.all_gather(whole, whole.rows_at(1, 1)));
  EXPECT_THROW(second.all_gather(whole, whole.rows_at(0, 1)), InternalError);
  EXPECT_THROW(second.reduce_scatter_sum(whole.rows_at(2, 1), whole), InternalError);
  std::array<std::byte, 8> all{};
  const std::array<std::byte, 2> own{std::byte{3}, std::byte{4}};
  second.all_gather_host(all, own);
  EXPECT_EQ(all[6], std::byte{3});
  EXPECT_EQ(all[7], std::byte{4});
}

}  // namespace
}  // namespace tpscale
