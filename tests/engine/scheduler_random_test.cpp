// Seeded random workloads through both policies over a fake model that reads every context back from its
// slots.
#include <gtest/gtest.h>

#include <random>

#include "scheduler_harness.h"

namespace tpscale {
namespace {

using test::SchedulerHarness;

struct Draw {
  std::mt19937 random;
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  }
};

/// A workload drawn from a seed, served through a harness of its own.
class Workload {
 public:
  Workload(const char* policy, bool prefix_cache, unsigned seed, bool ahead)
      : draw_{std::mt19937(seed)},
        block_size_(draw_(1, 6)),
        longest_(draw_(2, 60)),
        num_blocks_(blocks_for(longest_, block_size_) + draw_(0, 30)),
        max_num_seqs_(draw_(1, 12)),
        harness_(policy, num_blocks_, block_size_, prefix_cache,
                 {.max_num_seqs = max_num_seqs_, .max_step_tokens = max_num_seqs_ + draw_(0, 60)}) {
    harness_.ahead = ahead;
  }

  void serve() {
    for (std::int64_t i = draw_(1, 10); i > 0; --i) add_random();
    while (!harness_.scheduler->idle()) {
      ASSERT_LT(steps_.size(), 20000U) << "no progress";
      steps_.push_back(harness_.step());
      ASSERT_FALSE(steps_.back().empty());
      if (harness_.sequences.size() < 40 && draw_(0, 3) == 0) add_random();
    }
    harness_.learn();
  }

  SchedulerHarness& harness() { return harness_; }
  std::int64_t prompt_tokens() const { return prompt_tokens_; }
  std::int64_t num_blocks() const { return num_blocks_; }
  const std::vector<std::string>& steps() const { return steps_; }

 private:
  void add_random() {
    const std::int64_t prompt = draw_(1, longest_ - 1);
    prompt_tokens_ += prompt;
    std::vector<std::int32_t> tokens;
    const std::int64_t shared = draw_(0, 1) * draw_(0, prompt);
    for (std::int64_t i = 0; i < prompt; ++i) {
      tokens.push_back(static_cast<std::int32_t>(i < shared ? i % 3 : draw_(0, test::kFakeVocab - 1)));
    }
    harness_.add(std::move(tokens), draw_(1, longest_ - prompt));
  }

  Draw draw_;
  std::int64_t block_size_, longest_, num_blocks_, max_num_seqs_;
  SchedulerHarness harness_;
  std::int64_t prompt_tokens_ = 0;
  std::vector<std::string> steps_;
};

class RandomWorkload : public ::testing::TestWithParam<std::tuple<const char*, bool, unsigned>> {};

TEST_P(RandomWorkload, GeneratesWhatEachSequenceWouldAlone) {
  const auto [policy, prefix_cache, seed] = GetParam();
  Workload workload(policy, prefix_cache, seed, false);
  workload.serve();
  SchedulerHarness& harness = workload.harness();
  for (const auto& sequence : harness.sequences) {
    ASSERT_EQ(harness.generated(*sequence), harness.alone(*sequence)) << "sequence " << sequence->id;
  }
  const SchedulerCounts& counts = harness.scheduler->counts();
  EXPECT_EQ(counts.prompt_tokens_computed + counts.prompt_tokens_cached, workload.prompt_tokens());
  EXPECT_EQ(counts.prompt_tokens_looked_up, prefix_cache ? workload.prompt_tokens() : 0);
  EXPECT_EQ(harness.blocks.free_blocks(), workload.num_blocks());
  if (!prefix_cache) {
    EXPECT_EQ(counts.prompt_tokens_cached, 0);
  }
  harness.blocks.flush();
}

TEST_P(RandomWorkload, PlanningAheadOfTheTokensGivesTheSameSteps) {
  const auto [policy, prefix_cache, seed] = GetParam();
  Workload behind(policy, prefix_cache, seed, false);
  Workload ahead(policy, prefix_cache, seed, true);
  behind.serve();
  ahead.serve();
  EXPECT_EQ(ahead.steps(), behind.steps());
  for (const auto& sequence : ahead.harness().sequences) {
    ASSERT_EQ(ahead.harness().generated(*sequence), ahead.harness().alone(*sequence));
  }
  const SchedulerCounts& counts = ahead.harness().scheduler->counts();
  EXPECT_EQ(counts.prompt_tokens_cached, behind.harness().scheduler->counts().prompt_tokens_cached);
  EXPECT_EQ(counts.preemptions, behind.harness().scheduler->counts().preemptions);
  EXPECT_EQ(ahead.harness().blocks.cached_blocks(), behind.harness().blocks.cached_blocks());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWorkload,
                         ::testing::Combine(::testing::Values("separated", "mixed"), ::testing::Bool(),
                                            ::testing::Range(0U, 50U)));

}  // namespace
}  // namespace tpscale
