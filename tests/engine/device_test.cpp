// Graphs, running ahead and dtypes as the backend under test has them: on a CPU there is little of it.
#include <gtest/gtest.h>

#include "engine_harness.h"

namespace tpscale {
namespace {

using test::EngineHarness;
using test::random_requests;
using test::tokens_of;

class Device : public ::testing::Test {
 protected:
  static bool has_graphs() { return test::one_core_backend()->has_graphs(); }
  /// Runs with every combination of graphs and running ahead give the same tokens.
  void expect_arms_agree(const EngineOptions& options) {
    EngineHarness engine(model_, options, requests_);
    const auto expected = tokens_of(engine->run(requests_));
    for (const bool graphs : {false, true}) {
      if (graphs && !has_graphs()) continue;
      if (graphs || engine->graph_facts().on) engine->use_graphs(graphs);
      for (const bool ahead : {false, true}) {
        if (graphs && ahead) continue;  // that was the first run
        engine->use_run_ahead(ahead);
        engine->flush_prefix_cache();
        const RunResult result = engine->run(requests_);
        EXPECT_EQ(tokens_of(result), expected) << "graphs " << graphs << ", ahead " << ahead;
        for (const StepRecord& step : result.steps) EXPECT_EQ(step.graph, graphs && step.prefill_tokens == 0);
      }
    }
  }
  const std::string model_ = test::fixture_folder("llama-bias-f32");
  std::vector<Request> requests_ = random_requests(3, 256, 7, 4, 4);
};

TEST_F(Device, GraphsAndRunningAheadAreOnWhereItHasThem) {
  EngineHarness engine(model_, {}, requests_);
  engine->warm_up();
  const GraphFacts facts = engine->graph_facts();
  EXPECT_EQ(facts.on, has_graphs());
  EXPECT_EQ(facts.reason.empty(), has_graphs());
  EXPECT_EQ(facts.buckets.size(), has_graphs() ? 3U : 0U) << "1, 2 and the 3 sequences of this engine";
  for (const GraphBucket& bucket : facts.buckets) EXPECT_GT(bucket.nodes, 0);
  EXPECT_EQ(engine->runs_ahead(), engine.backend().stream().native() != nullptr);
}

TEST_F(Device, EveryArmGivesTheSameTokensThroughATightPool) {
  EngineOptions options;
  options.dtype = "f32";
  options.scheduler = "mixed";
  options.prefix_cache = true;
  options.block_size = 2;
  options.num_kv_blocks = 9;
  expect_arms_agree(options);
}

TEST_F(Device, EveryArmGivesTheSameTokensInEveryDtype) {
  for (const Dtype dtype : {Dtype::kF32, Dtype::kBF16, Dtype::kF16}) {
    if (!test::one_core_backend()->supports(dtype)) continue;
    EngineOptions options;
    options.dtype = to_string(dtype);
    SCOPED_TRACE(options.dtype);
    expect_arms_agree(options);
  }
}

}  // namespace
}  // namespace tpscale
