// Each way of serving is a pure optimisation: the tokens of a workload do not depend on it.
#include <gtest/gtest.h>

#include "engine_harness.h"
#include "support/run_on_ranks.h"

namespace tpscale {
namespace {

using test::EngineHarness;
using test::random_requests;
using test::tokens_of;

class Equivalence : public ::testing::Test {
 protected:
  static EngineOptions plain() {
    EngineOptions options;
    options.dtype = "f32";
    return options;
  }
  RunResult run(const EngineOptions& options) const {
    EngineHarness engine("tiny", options, requests_);
    RunResult result = engine->run(requests_);
    EXPECT_EQ(engine->free_blocks(), engine->sizes().num_kv_blocks);
    return result;
  }
  void expect_same(const EngineOptions& options) const { EXPECT_EQ(tokens_of(run(options)), base_); }

  std::vector<Request> requests_ = random_requests(10, 512, 60, 30, 3);
  std::vector<std::vector<std::int32_t>> base_ = tokens_of(run(plain()));
};

TEST_F(Equivalence, OneByOne) {
  EngineHarness engine("tiny", plain(), requests_);
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    const RunResult alone = engine->run(std::span(requests_).subspan(i, 1));
    EXPECT_EQ(alone.requests.at(0).tokens, base_[i]) << "request " << i;
  }
}

TEST_F(Equivalence, MixedScheduler) {
  for (const std::int64_t step : {16384, 32, 10}) {
    EngineOptions options = plain();
    options.scheduler = "mixed";
    options.max_num_batched_tokens = step;
    expect_same(options);
  }
}

TEST_F(Equivalence, ChunkedPrefillAndFewSequences) {
  EngineOptions options = plain();
  options.max_num_batched_tokens = 17;
  options.max_num_seqs = 3;
  expect_same(options);
}

TEST_F(Equivalence, BlockSizes) {
  for (const std::int64_t size : {1, 7, 64, 256}) {
    EngineOptions options = plain();
    options.block_size = size;
    expect_same(options);
  }
}

TEST_F(Equivalence, APoolThatForcesPreemptions) {
  for (const char* scheduler : {"separated", "mixed"}) {
    for (const bool prefix_cache : {false, true}) {
      EngineOptions options = plain();
      options.scheduler = scheduler;
      options.prefix_cache = prefix_cache;
      options.block_size = 4;
      options.num_kv_blocks = 40;
      const RunResult result = run(options);
      EXPECT_EQ(tokens_of(result), base_) << scheduler;
      EXPECT_GT(result.preemptions, 0) << "the pool was meant to run short";
      std::int64_t of_requests = 0;
      for (const RequestResult& request : result.requests) of_requests += request.preemptions;
      EXPECT_EQ(of_requests, result.preemptions);
    }
  }
}

TEST_F(Equivalence, TensorParallel) {
  test::run_on_ranks(4, [&](Communicator& comm) {
    EngineHarness engine("tiny", plain(), requests_, 0, &comm);
    EXPECT_EQ(tokens_of(engine->run(requests_)), base_) << "rank " << comm.rank();
  });
}

TEST_F(Equivalence, ArrivalsThatRankZeroTells) {
  auto timed = requests_;
  for (std::size_t i = 0; i < timed.size(); ++i)
    timed[timed.size() - 1 - i].arrival_s = 0.002 * static_cast<double>(i);
  test::run_on_ranks(2, [&](Communicator& comm) {
    EngineHarness engine("tiny", plain(), timed, 0, &comm);
    const RunResult result = engine->run(timed);
    EXPECT_EQ(tokens_of(result), base_);
    if (comm.rank() != 0) return;
    for (std::size_t i = 0; i < timed.size(); ++i) {
      EXPECT_GE(result.requests[i].prefill_start_s, timed[i].arrival_s) << "request " << i;
    }
  });
}

TEST(ManyRequests, OfEveryLengthThroughATightPool) {
  const auto requests = random_requests(60, 512, 40, 20, 17);
  EngineOptions options;
  options.dtype = "f32";
  EngineHarness wide("tiny", options, requests);
  const auto expected = tokens_of(wide->run(requests));
  options.block_size = 8;
  options.num_kv_blocks = 30;
  options.max_num_seqs = 9;
  options.max_num_batched_tokens = 48;
  options.prefix_cache = true;
  for (const char* scheduler : {"separated", "mixed"}) {
    options.scheduler = scheduler;
    EngineHarness tight("tiny", options, requests);
    for (int repetition = 0; repetition < 2; ++repetition) {
      const RunResult result = tight->run(requests);
      EXPECT_EQ(tokens_of(result), expected) << scheduler;
      std::int64_t prompt_tokens = 0;
      for (const Request& request : requests)
        prompt_tokens += static_cast<std::int64_t>(request.prompt.size());
      EXPECT_EQ(result.prompt_tokens_computed + result.prompt_tokens_cached, prompt_tokens);
    }
  }
}

}  // namespace
}  // namespace tpscale
