// Graphs and running ahead change when work is enqueued, never what it computes. The backend here works only
// while somebody waits for it, so whatever is read or written too early shows.
#include "engine/decode_graphs.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "engine_harness.h"
#include "support/deferred_backend.h"
#include "support/run_on_ranks.h"

namespace tpscale {
namespace {

using test::EngineHarness;
using test::random_requests;
using test::tokens_of;
using testing::DeferredBackend;
using testing::DeferredCommunicator;

using Sizes = std::vector<std::int64_t>;

TEST(GraphBuckets, AreThoseOfTheIssueUpToWhatTheEngineHolds) {
  EXPECT_EQ(graph_buckets(1), Sizes{1});
  EXPECT_EQ(graph_buckets(2), (Sizes{1, 2}));
  EXPECT_EQ(graph_buckets(5), (Sizes{1, 2, 4, 5}));
  EXPECT_EQ(graph_buckets(16), (Sizes{1, 2, 4, 8, 16}));
  EXPECT_EQ(graph_buckets(40), (Sizes{1, 2, 4, 8, 16, 32, 40}));
  const Sizes most = graph_buckets(2000);
  EXPECT_EQ(most.back(), 512);
  EXPECT_TRUE(std::ranges::is_sorted(most));
  EXPECT_EQ(graph_buckets(512), most);
}

EngineOptions f32() {
  EngineOptions options;
  options.dtype = "f32";
  return options;
}

/// An engine on a deferred backend, on one rank or on that of `host`.
struct Deferred {
  Deferred(const std::string& model, const EngineOptions& options, std::span<const Request> requests,
           Communicator* host = nullptr, bool capturable = true)
      : Deferred(std::make_unique<DeferredBackend>(test::one_core_backend()), model, options, requests, host,
                 capturable) {}
  Deferred(std::unique_ptr<DeferredBackend> made, const std::string& model, const EngineOptions& options,
           std::span<const Request> requests, Communicator* host, bool capturable)
      : backend(*made),
        comm(host != nullptr ? *host : single, made->queue(), capturable),
        engine(std::move(made), model, options, requests, 0, &comm) {}
  SingleRank single;
  DeferredBackend& backend;
  DeferredCommunicator comm;
  EngineHarness engine;
};

/// What each step held, in order.
std::vector<std::vector<std::int64_t>> shapes_of(const RunResult& result) {
  std::vector<std::vector<std::int64_t>> shapes;
  for (const StepRecord& step : result.steps) {
    shapes.push_back({step.prefill_tokens, step.decode_tokens, step.num_sequences, step.shape.num_tokens,
                      step.shape.num_logits, step.shape.attention_pairs, step.shape.context_tokens});
  }
  return shapes;
}

void expect_same_run(const RunResult& actual, const RunResult& expected) {
  EXPECT_EQ(tokens_of(actual), tokens_of(expected));
  EXPECT_EQ(shapes_of(actual), shapes_of(expected));
  EXPECT_EQ(actual.prompt_tokens_computed, expected.prompt_tokens_computed);
  EXPECT_EQ(actual.prompt_tokens_cached, expected.prompt_tokens_cached);
  EXPECT_EQ(actual.recomputed_tokens, expected.recomputed_tokens);
  EXPECT_EQ(actual.preemptions, expected.preemptions);
}

class AllArms : public ::testing::Test {
 protected:
  /// Graphs on and off, running ahead and not, against one step after the other on the backend itself.
  void expect_pure_optimisation(const EngineOptions& options, const std::string& model = "tiny") {
    EngineHarness base(model, options, requests_);
    const RunResult expected = base->run(requests_);
    Deferred deferred(model, options, requests_);
    for (const bool graphs : {true, false}) {
      for (const bool ahead : {true, false}) {
        SCOPED_TRACE(::testing::Message() << (graphs ? "graphs" : "op by op") << (ahead ? ", ahead" : ""));
        deferred.engine->use_graphs(graphs);
        deferred.engine->use_run_ahead(ahead);
        deferred.engine->flush_prefix_cache();
        deferred.backend.most_left = 0;
        const RunResult result = deferred.engine->run(requests_);
        expect_same_run(result, expected);
        EXPECT_EQ(deferred.backend.most_left > 0, ahead) << "was a step enqueued behind the one waited for?";
        for (const StepRecord& step : result.steps) EXPECT_EQ(step.graph, graphs && step.prefill_tokens == 0);
        EXPECT_EQ(deferred.engine->free_blocks(), deferred.engine->sizes().num_kv_blocks);
      }
    }
    preemptions_ = expected.preemptions;
    cached_ = expected.prompt_tokens_cached;
  }
  std::vector<Request> requests_ = random_requests(11, 512, 40, 25, 3);
  std::int64_t preemptions_ = 0;
  std::int64_t cached_ = 0;
};

TEST_F(AllArms, GiveTheSameTokensInTheSameSteps) {
  expect_pure_optimisation(f32());
}

TEST_F(AllArms, OfTheMixedScheduler) {
  EngineOptions options = f32();
  options.scheduler = "mixed";
  options.max_num_batched_tokens = 24;
  expect_pure_optimisation(options);
}

TEST_F(AllArms, OfFewSequencesAndChunks) {
  EngineOptions options = f32();
  options.max_num_seqs = 3;
  options.max_num_batched_tokens = 13;
  expect_pure_optimisation(options);
}

TEST_F(AllArms, WithPreemptionsAndThePrefixCache) {
  for (std::size_t i = 0; i < requests_.size(); i += 2) {  // half of them begin alike
    std::ranges::fill_n(requests_[i].prompt.begin(),
                        std::min<std::ptrdiff_t>(std::ssize(requests_[i].prompt), 12), 7);
  }
  for (const char* scheduler : {"separated", "mixed"}) {
    EngineOptions options = f32();
    options.scheduler = scheduler;
    options.prefix_cache = true;
    options.block_size = 4;
    options.num_kv_blocks = 30;
    expect_pure_optimisation(options);
    EXPECT_GT(preemptions_, 0) << "the pool was meant to run short";
    EXPECT_GT(cached_, 0);
  }
}

TEST_F(AllArms, OfRotaryRowsThatAreWrittenAStep) {
  for (Request& request : requests_) {
    for (auto& token : request.prompt) token %= 256;
    request.max_new_tokens += 40;  // beyond the fixture's max_position_embeddings of 64
  }
  expect_pure_optimisation(f32(), test::fixture_folder("llama-dynamic-f32"));
}

TEST_F(AllArms, OfSingleTokens) {
  for (Request& request : requests_) {
    request.prompt.resize(1);
    request.max_new_tokens = 1;
  }
  requests_.back().max_new_tokens = 3;
  EngineOptions options = f32();
  options.max_num_seqs = 2;
  expect_pure_optimisation(options);
}

TEST_F(AllArms, OfSeveralRanks) {
  EngineHarness base("tiny", f32(), requests_);
  const auto expected = tokens_of(base->run(requests_));
  test::run_on_ranks(4, [&](Communicator& comm) {
    Deferred deferred("tiny", f32(), requests_, &comm);
    EXPECT_TRUE(deferred.engine->graph_facts().on);
    for (const bool graphs : {true, false}) {
      deferred.engine->use_graphs(graphs);
      EXPECT_EQ(tokens_of(deferred.engine->run(requests_)), expected) << "rank " << comm.rank();
    }
  });
}

TEST(RunAhead, OnADeviceThatWorksWithTheHost) {
  const auto requests = random_requests(7, 512, 40, 25, 8);
  EngineOptions options = f32();
  EngineHarness base("tiny", options, requests);
  options.run_ahead = "on";
  EngineHarness ahead("tiny", options, requests);
  EXPECT_TRUE(ahead->runs_ahead());
  expect_same_run(ahead->run(requests), base->run(requests));
}

TEST(RunAhead, RecordsDoNotOverlapAndHoldTheWall) {
  const auto requests = random_requests(9, 512, 40, 25, 8);
  Deferred deferred("tiny", f32(), requests);
  const RunResult result = deferred.engine->run(requests);
  double end = 0.0;
  double sum = 0.0;
  for (const StepRecord& step : result.steps) {
    EXPECT_GE(step.start_s, end - 1e-9);
    EXPECT_GE(step.schedule_seconds, 0.0);
    EXPECT_GT(step.forward_seconds, 0.0);
    EXPECT_GT(step.enqueue_seconds, 0.0);
    end = step.start_s + step.schedule_seconds + step.forward_seconds;
    sum += step.schedule_seconds + step.forward_seconds;
  }
  EXPECT_LE(end, result.wall_seconds + 1e-9);
  EXPECT_GT(sum, 0.9 * result.wall_seconds) << "what the device hides is no gap";
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_TRUE(std::ranges::is_sorted(result.requests[i].token_times_s));
    EXPECT_LE(result.requests[i].prefill_start_s, result.requests[i].token_times_s.front());
  }
}

TEST(RunAhead, AnInterruptLeavesTheEngineUsable) {
  const auto requests = random_requests(6, 512, 20, 10, 9);
  Deferred deferred("tiny", f32(), requests);
  const auto expected = tokens_of(deferred.engine->run(requests));
  for (const int last : {1, 2, 7}) {
    int steps = 0;
    EXPECT_THROW(deferred.engine->run(requests, {deferred.backend.ops(), deferred.comm},
                                      [&](const StepRecord&) {
                                        if (++steps == last) throw InterruptedError("stopped");
                                      }),
                 InterruptedError);
    EXPECT_EQ(deferred.engine->free_blocks(), deferred.engine->sizes().num_kv_blocks);
    deferred.engine->flush_prefix_cache();
    EXPECT_EQ(tokens_of(deferred.engine->run(requests)), expected);
  }
}

TEST(DecodeGraphs, SayWhatTheyCost) {
  const auto requests = random_requests(5, 512, 20, 10, 9);
  Deferred deferred("tiny", f32(), requests);
  EXPECT_TRUE(deferred.engine->graph_facts().buckets.empty()) << "nothing is captured before it is asked for";
  deferred.engine->warm_up();
  const GraphFacts facts = deferred.engine->graph_facts();
  ASSERT_EQ(facts.buckets.size(), 4U);
  std::int64_t nodes = 0;
  for (std::size_t i = 0; i < facts.buckets.size(); ++i) {
    EXPECT_EQ(facts.buckets[i].sequences, (Sizes{1, 2, 4, 5})[i]);
    EXPECT_EQ(facts.buckets[i].nodes, facts.buckets.front().nodes) << "one step each";
    nodes += facts.buckets[i].nodes;
  }
  EXPECT_GT(nodes, 4 * 40);
  EXPECT_EQ(facts.memory_bytes, 64 * nodes);
  EXPECT_GT(facts.capture_seconds, 0.0);
  EXPECT_GT(facts.warm_up_seconds, 0.0);
  deferred.engine->run(requests);
  EXPECT_EQ(deferred.engine->graph_facts().capture_seconds, facts.capture_seconds) << "captured once";
}

TEST(DecodeGraphs, AnInstrumentedRunTakesNone) {
  const auto requests = random_requests(5, 512, 20, 10, 9);
  Deferred deferred("tiny", f32(), requests);
  const auto expected = tokens_of(deferred.engine->run(requests));
  deferred.backend.most_left = 0;
  const RunResult result = deferred.engine->run(requests, {deferred.backend.ops(), deferred.single});
  EXPECT_EQ(tokens_of(result), expected);
  for (const StepRecord& step : result.steps) EXPECT_FALSE(step.graph);
  EXPECT_EQ(deferred.backend.most_left, 0U) << "its steps do not overlap";
}

TEST(DecodeGraphs, AreRefusedWhereTheyCannotBe) {
  const auto requests = random_requests(2, 512, 5, 5, 9);
  EngineOptions on = f32();
  on.cuda_graphs = "on";
  const auto message_of = [](auto&& make) {
    try {
      make();
    } catch (const NotAvailableError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  if (test::backend_under_test() == "cpu") {
    EXPECT_THAT(message_of([&] { EngineHarness("tiny", on, requests); }),
                ::testing::HasSubstr("backend 'cpu' has no graphs"));
    EngineHarness plain("tiny", f32(), requests);
    EXPECT_FALSE(plain->graph_facts().on);
    EXPECT_THAT(plain->graph_facts().reason, ::testing::HasSubstr("'cpu' has no graphs"));
    EXPECT_THAT(message_of([&] { plain->use_graphs(true); }), ::testing::HasSubstr("'cpu' has no graphs"));
  }
  EngineOptions off = f32();
  off.cuda_graphs = "off";
  Deferred without("tiny", off, requests);
  EXPECT_FALSE(without.engine->graph_facts().on);
  EXPECT_THAT(without.engine->graph_facts().reason, ::testing::HasSubstr("--cuda-graphs off"));
  for (const StepRecord& step : without.engine->run(requests).steps) EXPECT_FALSE(step.graph);
}

TEST(DecodeGraphs, GiveWayToACommunicatorThatWaitsForTheHost) {
  const auto requests = random_requests(2, 512, 5, 5, 9);
  EngineOptions on = f32();
  on.cuda_graphs = "on";
  test::run_on_ranks(2, [&](Communicator& comm) {
    Deferred deferred("tiny", f32(), requests, &comm, false);
    EXPECT_FALSE(deferred.engine->graph_facts().on);
    EXPECT_THAT(deferred.engine->graph_facts().reason, ::testing::HasSubstr("communicator 'thread'"));
    for (const StepRecord& step : deferred.engine->run(requests).steps) EXPECT_FALSE(step.graph);
    EXPECT_THROW(Deferred("tiny", on, requests, &comm, false), NotAvailableError);
  });
}

TEST(Profile, RangesNameWhatAStepIsAbout) {
  const auto requests = random_requests(3, 512, 20, 10, 9);
  EngineOptions options = f32();
  options.cuda_graphs = "off";
  Deferred deferred("tiny", options, requests);
  const RunResult result = deferred.engine->run(requests);
  const auto steps = static_cast<int>(result.steps.size());
  auto& ranges = deferred.backend.ranges;
  EXPECT_EQ(ranges["prefill"] + ranges["decode"], steps);
  EXPECT_EQ(ranges["layer"], 4 * steps);
  EXPECT_EQ(ranges["all_reduce"], (2 * 4 + 1) * steps);
  EXPECT_EQ(ranges["all_gather"], steps);
}

}  // namespace
}  // namespace tpscale
