#include "engine/plan_run.h"

#include <gtest/gtest.h>

#include "engine_harness.h"

namespace tpscale {
namespace {

using test::EngineHarness;
using test::random_requests;

void expect_as_planned(const EngineOptions& options, const std::vector<Request>& requests) {
  EngineHarness engine("tiny", options, requests);
  const PlannedRun planned = plan_run(engine.config(), options, engine->sizes(), requests);
  const RunResult result = engine->run(requests);
  ASSERT_EQ(planned.steps.size(), result.steps.size());
  for (std::size_t i = 0; i < result.steps.size(); ++i) {
    EXPECT_EQ(planned.steps[i].prefill_tokens, result.steps[i].prefill_tokens) << "step " << i;
    EXPECT_EQ(planned.steps[i].decode_tokens, result.steps[i].decode_tokens) << "step " << i;
    EXPECT_EQ(planned.steps[i].kv_blocks_used, result.steps[i].kv_blocks_used) << "step " << i;
    EXPECT_EQ(planned.steps[i].kv_slots_used, result.steps[i].kv_slots_used) << "step " << i;
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(planned.cached_prompt_tokens[i], result.requests[i].cached_prompt_tokens) << "request " << i;
  }
  EXPECT_EQ(planned.prompt_tokens_cached, result.prompt_tokens_cached);
  EXPECT_EQ(planned.preemptions, result.preemptions);
}

TEST(PlanRun, IsWhatTheEngineDoes) {
  std::vector<Request> requests = random_requests(12, 512, 60, 20, 7);
  for (std::size_t i = 0; i < requests.size(); i += 2) requests[i].prompt = requests[0].prompt;
  for (const char* scheduler : {"separated", "mixed"}) {
    for (const bool prefix_cache : {false, true}) {
      for (const std::int64_t pool : {0, 12}) {
        SCOPED_TRACE(::testing::Message() << scheduler << ", cache " << prefix_cache << ", pool " << pool);
        EngineOptions options;
        options.dtype = "f32";
        options.scheduler = scheduler;
        options.prefix_cache = prefix_cache;
        options.num_kv_blocks = pool;
        options.block_size = 8;
        options.max_num_seqs = 4;
        if (pool == 12) options.max_model_len = 90;
        expect_as_planned(options, requests);
      }
    }
  }
}

TEST(PlanRun, AContiguousPoolAsWell) {
  EngineOptions options;
  options.dtype = "f32";
  options.kv_memory = "contiguous";
  options.num_kv_blocks = 14;
  expect_as_planned(options, random_requests(9, 512, 50, 20, 3));
}

TEST(KvSlots, CountWholePieces) {
  const std::vector<Request> requests{{.prompt = {1, 2, 3}, .max_new_tokens = 6},
                                      {.prompt = {1}, .max_new_tokens = 1}};
  const KvSlots slots = kv_slots_at_final_length(requests, 4);
  EXPECT_EQ(slots.used, 8 + 1);
  EXPECT_EQ(slots.pieces, 2 + 1);
  EXPECT_EQ(slots.reserved, 12);
  EXPECT_DOUBLE_EQ(slots.utilisation(), 0.75);
}

}  // namespace
}  // namespace tpscale
