// What a run says of itself.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "engine_harness.h"

namespace tpscale {
namespace {

using test::EngineHarness;
using test::random_requests;

TEST(Records, AccountForEveryTokenAndEverySecond) {
  const auto requests = random_requests(8, 512, 50, 20, 9);
  for (const char* scheduler : {"separated", "mixed"}) {
    EngineOptions options;
    options.scheduler = scheduler;
    options.max_num_batched_tokens = 64;
    EngineHarness engine("tiny", options, requests);
    SingleRank single;
    std::size_t seen = 0;
    const RunResult result =
        engine->run(requests, {engine.backend().ops(), single}, [&](const StepRecord&) { ++seen; });
    EXPECT_EQ(seen, result.steps.size());
    std::int64_t prefill = 0;
    std::int64_t decode = 0;
    std::int64_t logits = 0;
    double busy = 0.0;
    double last_end = 0.0;
    for (const StepRecord& step : result.steps) {
      prefill += step.prefill_tokens;
      decode += step.decode_tokens;
      logits += step.shape.num_logits;
      busy += step.schedule_seconds + step.forward_seconds;
      EXPECT_EQ(step.shape.num_tokens, step.prefill_tokens + step.decode_tokens);
      EXPECT_GE(step.start_s, last_end) << "steps do not overlap";
      last_end = step.start_s + step.schedule_seconds + step.forward_seconds;
      if (step.prefill_tokens == 0) {
        EXPECT_EQ(step.prefill_flops_share, 0.0);
      } else if (step.decode_tokens == 0) {
        EXPECT_EQ(step.prefill_flops_share, 1.0);
      } else {
        EXPECT_STREQ(scheduler, "mixed") << "a separated step is of one kind";
        EXPECT_GT(step.prefill_flops_share, 0.0);
        EXPECT_LT(step.prefill_flops_share, 1.0);
      }
    }
    EXPECT_LE(busy, result.wall_seconds);
    std::int64_t prompts = 0;
    std::int64_t outputs = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      prompts += static_cast<std::int64_t>(requests[i].prompt.size());
      outputs += requests[i].max_new_tokens;
      const RequestResult& request = result.requests[i];
      ASSERT_EQ(static_cast<std::int64_t>(request.tokens.size()), requests[i].max_new_tokens);
      ASSERT_EQ(request.token_times_s.size(), request.tokens.size());
      EXPECT_TRUE(std::ranges::is_sorted(request.token_times_s));
      EXPECT_LE(request.prefill_start_s, request.token_times_s.front());
      EXPECT_LE(request.token_times_s.back(), result.wall_seconds);
    }
    EXPECT_EQ(prefill, prompts);
    EXPECT_EQ(decode, outputs - static_cast<std::int64_t>(requests.size()));
    EXPECT_EQ(logits, outputs);
    EXPECT_EQ(result.prompt_tokens_computed, prompts);
    EXPECT_EQ(result.recomputed_tokens, 0);
  }
}

TEST(Records, ShapeCountsKeysSeen) {
  const Request request{.prompt = {1, 2, 3, 4, 5}, .max_new_tokens = 2};
  EngineHarness engine("tiny", {}, {&request, 1});
  const RunResult result = engine->run({&request, 1});
  ASSERT_EQ(result.steps.size(), 2U);
  EXPECT_EQ(result.steps[0].shape.attention_pairs, 1 + 2 + 3 + 4 + 5);
  EXPECT_EQ(result.steps[0].shape.context_tokens, 5);
  EXPECT_EQ(result.steps[1].shape.attention_pairs, 6);
  EXPECT_EQ(result.steps[1].shape.context_tokens, 6);
}

struct HeldAndPredicted {
  HeldAndPredicted(const std::string& model, std::span<const Request> requests) {
    EngineOptions options;
    options.dtype = "f32";
    EngineHarness engine(model, options, requests);
    const MemoryUse use = engine.backend().memory().use();
    const auto held = [&](MemoryKind kind) {
      return static_cast<std::int64_t>(use.by_kind[static_cast<std::size_t>(kind)]);
    };
    kv = held(MemoryKind::kKvCache);
    activations = held(MemoryKind::kActivations);
    weights = held(MemoryKind::kWeights);
    predicted = engine->sizes();
  }
  std::int64_t kv, activations, weights;
  EngineSizes predicted;
};

TEST(Records, PredictedBytesAreThoseOfTheAllocator) {
  auto requests = random_requests(8, 256, 50, 20, 9);
  for (const std::string name :
       {"tiny", "llama-dynamic-f32", "qwen3-bf16", "gpt2-f32", "pythia-f16", "mistral-bf16"}) {
    const std::string model = name == "tiny" ? name : test::fixture_folder(name);
    const HeldAndPredicted all(model, requests);
    const HeldAndPredicted few(model, std::span(requests).first(3));
    EXPECT_EQ(all.kv, all.predicted.kv_bytes) << name;
    // The backend's own work space comes on top, the same for both.
    EXPECT_GE(all.activations, all.predicted.activation_bytes) << name;
    EXPECT_EQ(all.activations - few.activations,
              all.predicted.activation_bytes - few.predicted.activation_bytes);
    EXPECT_NEAR(static_cast<double>(all.weights) / static_cast<double>(all.predicted.weight_bytes), 1.0, 0.15)
        << name;
  }
}

TEST(Records, AnInterruptBetweenStepsLeavesTheEngineUsable) {
  const auto requests = random_requests(4, 512, 20, 10, 9);
  EngineHarness engine("tiny", {}, requests);
  SingleRank single;
  const Execution execution{engine.backend().ops(), single};
  int steps = 0;
  EXPECT_THROW(engine->run(requests, execution,
                           [&](const StepRecord&) {
                             if (++steps == 3) throw InterruptedError("stopped");
                           }),
               InterruptedError);
  EXPECT_EQ(engine->free_blocks(), engine->sizes().num_kv_blocks);
  engine->flush_prefix_cache();
  EXPECT_EQ(engine->run(requests).requests.size(), 4U);
}

}  // namespace
}  // namespace tpscale
