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

class RandomWorkload : public ::testing::TestWithParam<std::tuple<const char*, bool, unsigned>> {};

TEST_P(RandomWorkload, GeneratesWhatEachSequenceWouldAlone) {
  const auto [policy, prefix_cache, seed] = GetParam();
  Draw draw{std::mt19937(seed)};
  const std::int64_t block_size = draw(1, 6);
  const std::int64_t longest = draw(2, 60);
  const std::int64_t num_blocks = blocks_for(longest, block_size) + draw(0, 30);
  const std::int64_t max_num_seqs = draw(1, 12);
  const SchedulerLimits limits{.max_num_seqs = max_num_seqs, .max_step_tokens = max_num_seqs + draw(0, 60)};
  SchedulerHarness harness(policy, num_blocks, block_size, prefix_cache, limits);

  std::int64_t prompt_tokens = 0;
  const auto add_random = [&] {
    const std::int64_t prompt = draw(1, longest - 1);
    prompt_tokens += prompt;
    std::vector<std::int32_t> tokens;
    const std::int64_t shared = draw(0, 1) * draw(0, prompt);
    for (std::int64_t i = 0; i < prompt; ++i) {
      tokens.push_back(static_cast<std::int32_t>(i < shared ? i % 3 : draw(0, test::kFakeVocab - 1)));
    }
    harness.add(std::move(tokens), draw(1, longest - prompt));
  };
  for (std::int64_t i = draw(1, 10); i > 0; --i) add_random();
  int steps = 0;
  for (; !harness.scheduler->idle(); ++steps) {
    ASSERT_LT(steps, 20000) << "no progress";
    ASSERT_FALSE(harness.step().empty());
    if (harness.sequences.size() < 40 && draw(0, 3) == 0) add_random();
  }

  for (const auto& sequence : harness.sequences) {
    ASSERT_EQ(harness.generated(*sequence), harness.alone(*sequence)) << "sequence " << sequence->id;
  }
  const SchedulerCounts& counts = harness.scheduler->counts();
  EXPECT_EQ(counts.prompt_tokens_computed + counts.prompt_tokens_cached, prompt_tokens);
  EXPECT_EQ(counts.prompt_tokens_looked_up, prefix_cache ? prompt_tokens : 0);
  EXPECT_EQ(harness.blocks.free_blocks(), num_blocks);
  if (!prefix_cache) {
    EXPECT_EQ(counts.prompt_tokens_cached, 0);
  }
  harness.blocks.flush();
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWorkload,
                         ::testing::Combine(::testing::Values("separated", "mixed"), ::testing::Bool(),
                                            ::testing::Range(0U, 50U)));

}  // namespace
}  // namespace tpscale
