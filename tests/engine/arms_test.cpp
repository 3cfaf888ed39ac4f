// Engines that are compared: settings of one, and siblings on the same weights.
#include <gtest/gtest.h>

#include "core/error.h"
#include "engine_harness.h"
#include "model/fixture.h"

namespace tpscale {
namespace {

using test::EngineHarness;
using test::random_requests;
using test::tokens_of;

EngineOptions f32() {
  EngineOptions options;
  options.dtype = "f32";
  return options;
}

/// Requests that share a beginning of 40 tokens, one behind the other.
std::vector<Request> sharers() {
  std::vector<Request> requests = random_requests(6, 512, 30, 12, 5);
  const std::vector<Request> shared = random_requests(1, 512, 200, 1, 9);
  std::vector<std::int32_t> prefix(40);
  for (std::size_t i = 0; i < prefix.size(); ++i) prefix[i] = shared[0].prompt[i % shared[0].prompt.size()];
  for (Request& request : requests)
    request.prompt.insert(request.prompt.begin(), prefix.begin(), prefix.end());
  return requests;
}

class Arms : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> sibling(EngineHarness& engine, EngineOptions options) const {
    const ModelShard shard = plan_shard(engine.config(), 1, 0);
    return engine->sibling(options, plan_sizes(engine.config(), shard, options, requests_));
  }
  const std::vector<Request> requests_ = sharers();
};

TEST_F(Arms, ASiblingSharesTheWeightsAndServesAlike) {
  EngineHarness engine("tiny", f32(), requests_);
  const auto base = tokens_of(engine->run(requests_));
  const std::size_t weights = engine.backend().memory().use().by_kind[0];
  for (const char* memory : {"paged", "contiguous"}) {
    for (const char* layout : {"layer-major", "block-major"}) {
      EngineOptions options = f32();
      options.kv_memory = memory;
      options.kv_layout = layout;
      options.block_size = 8;
      const auto other = sibling(engine, options);
      EXPECT_EQ(tokens_of(other->run(requests_)), base) << memory << ", " << layout;
      EXPECT_EQ(tokens_of(engine->run(requests_)), base) << "in turns";
      EXPECT_EQ(engine.backend().memory().use().by_kind[0], weights) << "no second copy of the weights";
    }
  }
}

TEST_F(Arms, ContiguousMemoryReservesTheLongestSequence) {
  EngineOptions options = f32();
  options.kv_memory = "contiguous";
  options.max_model_len = 100;
  options.block_size = 16;
  EngineHarness engine("tiny", options, requests_);
  EXPECT_EQ(engine->sizes().num_kv_blocks, 6 * 7);
  const RunResult result = engine->run(requests_);
  EXPECT_EQ(result.steps.front().kv_blocks_used, result.steps.front().num_sequences * 7);
  EXPECT_EQ(engine->free_blocks(), 42);
}

TEST_F(Arms, ASmallContiguousPoolServesFewAtOnceAndTheSameTokens) {
  EngineHarness paged("tiny", f32(), requests_);
  EngineOptions options = f32();
  options.kv_memory = "contiguous";
  options.max_model_len = 100;
  options.num_kv_blocks = 15;  // two pieces of 7 blocks, and a rest
  EngineHarness engine("tiny", options, requests_);
  const RunResult result = engine->run(requests_);
  EXPECT_EQ(tokens_of(result), tokens_of(paged->run(requests_)));
  EXPECT_EQ(result.preemptions, 0) << "what is reserved never grows";
  for (const StepRecord& step : result.steps) EXPECT_LE(step.kv_blocks_used, 14);
}

TEST_F(Arms, ContiguousMemoryIsNotShared) {
  EngineOptions options = f32();
  options.kv_memory = "contiguous";
  options.prefix_cache = true;
  EXPECT_THROW(EngineHarness("tiny", options, requests_), UsageError);
  options.prefix_cache = false;
  EngineHarness engine("tiny", options, requests_);
  EXPECT_THROW(engine->use_prefix_cache(true), UsageError);
}

TEST_F(Arms, ThePrefixCacheIsSwitchedBetweenRuns) {
  EngineOptions options = f32();
  options.max_num_seqs = 2;  // later requests find what earlier ones have computed
  EngineHarness engine("tiny", options, requests_);
  const RunResult off = engine->run(requests_);
  engine->use_prefix_cache(true);
  EXPECT_EQ(engine->cached_blocks(), 0);
  const RunResult on = engine->run(requests_);
  EXPECT_EQ(off.prompt_tokens_cached, 0);
  EXPECT_GT(on.prompt_tokens_cached, 0);
  EXPECT_EQ(tokens_of(on), tokens_of(off));
  engine->use_prefix_cache(false);
  EXPECT_EQ(engine->run(requests_).prompt_tokens_cached, 0);
}

TEST_F(Arms, TheSchedulerIsSwitchedBetweenRuns) {
  EngineHarness engine("tiny", f32(), requests_);
  const RunResult separated = engine->run(requests_);
  engine->use_scheduler("mixed");
  EXPECT_EQ(tokens_of(engine->run(requests_)), tokens_of(separated));
  EXPECT_THROW(engine->use_scheduler("fair"), UsageError);
}

TEST_F(Arms, DisplacedPositionsChangeTheTokensAfterAHitAndNoOthers) {
  EngineOptions options = f32();
  options.max_num_seqs = 2;
  options.max_model_len = 200;  // room for the displaced
  options.prefix_cache = true;
  EngineHarness engine("tiny", options, requests_);
  const RunResult right = engine->run(requests_);
  engine->flush_prefix_cache();
  engine->displace_after_prefix_hit(1);
  const RunResult wrong = engine->run(requests_);
  EXPECT_EQ(wrong.requests.front().tokens, right.requests.front().tokens) << "it finds nothing";
  EXPECT_NE(tokens_of(wrong), tokens_of(right));
}

TEST_F(Arms, UseOfThePoolIsToldWhileItRunsAndIsNothingAfterwards) {
  EngineHarness engine("tiny", f32(), requests_);
  std::int64_t most = 0;
  SingleRank alone;
  const Execution plain{engine.backend().ops(), alone};
  const RunResult result = engine->run(requests_, plain, [&](const StepRecord& step) {
    EXPECT_EQ(engine->kv_use().blocks, step.kv_blocks_used);
    EXPECT_EQ(engine->kv_use().slots, step.kv_slots_used);
    most = std::max(most, step.kv_slots_used);
  });
  EXPECT_GT(most, 6 * 40);
  EXPECT_EQ(engine->kv_use().blocks, 0);
  EXPECT_EQ(engine->kv_use().slots, 0);
}

}  // namespace
}  // namespace tpscale
