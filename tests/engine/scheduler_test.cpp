#include "engine/scheduler.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "scheduler_harness.h"

namespace tpscale {
namespace {

using test::SchedulerHarness;

TEST(SeparatedScheduler, PrefillsWholePromptsFirstAndThenDecodes) {
  SchedulerHarness harness("separated", 100, 4, false, {.max_num_seqs = 8, .max_step_tokens = 12});
  harness.add(5, 3);
  harness.add(6, 2);
  harness.add(4, 2);
  EXPECT_EQ(harness.step(), "0:5p 1:6p") << "the third prompt does not fit whole and is not the first";
  EXPECT_EQ(harness.step(), "2:4p") << "prompts go before decodes";
  EXPECT_EQ(harness.step(), "0:1 1:1 2:1");
  EXPECT_EQ(harness.step(), "0:1");
  EXPECT_TRUE(harness.scheduler->idle());
  EXPECT_EQ(harness.blocks.free_blocks(), 100);
}

TEST(SeparatedScheduler, CutsOnlyTheFirstPromptOfAStep) {
  SchedulerHarness harness("separated", 100, 4, false, {.max_num_seqs = 8, .max_step_tokens = 10});
  const Sequence& longest = harness.add(23, 2);
  harness.add(6, 2);
  harness.add(8, 1);
  EXPECT_EQ(harness.step(), "0:10p");
  EXPECT_EQ(harness.step(), "0:10p");
  EXPECT_EQ(harness.step(), "0:3p 1:6p") << "what is left of the step takes whole prompts";
  EXPECT_EQ(harness.step(), "2:8p");
  EXPECT_EQ(harness.step(), "0:1 1:1");
  EXPECT_EQ(harness.generated(longest), harness.alone(longest));
}

TEST(SeparatedScheduler, RunsNoMoreThanMaxNumSeqs) {
  SchedulerHarness harness("separated", 100, 4, false, {.max_num_seqs = 2, .max_step_tokens = 100});
  for (int i = 0; i < 3; ++i) harness.add(4, 2);
  EXPECT_EQ(harness.step(), "0:4p 1:4p");
  EXPECT_EQ(harness.step(), "0:1 1:1");
  EXPECT_EQ(harness.step(), "2:4p");
}

TEST(SeparatedScheduler, PreemptsTheNewestAndComputesItAgain) {
  SchedulerHarness harness("separated", 4, 4, false, {.max_num_seqs = 4, .max_step_tokens = 100});
  const Sequence& oldest = harness.add(3, 8);  // 10 tokens stored in the end: 3 blocks
  const Sequence& newest = harness.add(3, 8);
  EXPECT_EQ(harness.step(), "0:3p 1:3p");
  EXPECT_EQ(harness.step(), "0:1 1:1");  // the first blocks are full
  EXPECT_EQ(harness.step(), "0:1 1:1");  // all four blocks are taken
  for (int i = 0; i < 3; ++i) EXPECT_EQ(harness.step(), "0:1 1:1");
  EXPECT_EQ(harness.step(), "0:1") << "the newest lost its blocks";
  EXPECT_EQ(newest.preemptions, 1);
  EXPECT_EQ(harness.step(), "0:1") << "its last one: before it ends, too few blocks are free";
  EXPECT_EQ(harness.step(), "1:9p") << "prompt and 6 generated tokens, computed again";
  harness.finish();
  EXPECT_EQ(oldest.preemptions, 0);
  EXPECT_EQ(harness.scheduler->counts().recomputed_tokens, 8) << "the ninth had never been computed";
  EXPECT_EQ(harness.generated(oldest), harness.alone(oldest));
  EXPECT_EQ(harness.generated(newest), harness.alone(newest));
}

TEST(MixedScheduler, DecodesFirstAndFillsTheStepWithChunks) {
  SchedulerHarness harness("mixed", 100, 4, false, {.max_num_seqs = 8, .max_step_tokens = 8});
  harness.add(5, 4);
  harness.add(9, 2);
  EXPECT_EQ(harness.step(), "0:5p 1:3p");
  EXPECT_EQ(harness.step(), "0:1 1:6p");
  EXPECT_EQ(harness.step(), "0:1 1:1");
  EXPECT_EQ(harness.step(), "0:1");
  EXPECT_TRUE(harness.scheduler->idle());
}

TEST(Scheduler, FindsTheBlocksOfAnEarlierStepButNotOfItsOwn) {
  for (const char* policy : {"separated", "mixed"}) {
    SchedulerHarness harness(policy, 100, 4, true, {.max_num_seqs = 8, .max_step_tokens = 100});
    const std::vector<std::int32_t> prompt = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    harness.add(prompt, 2);
    harness.add(prompt, 2);
    EXPECT_EQ(harness.step(), "0:10p 1:10p") << policy;
    const Sequence& later = harness.add(prompt, 2);
    EXPECT_THAT(harness.step(), ::testing::HasSubstr("2:2p")) << policy;
    EXPECT_EQ(later.cached_prompt_tokens, 8);
    harness.finish();
    EXPECT_EQ(harness.scheduler->counts().prompt_tokens_looked_up, 30);
    EXPECT_EQ(harness.scheduler->counts().prompt_tokens_cached, 8);
    EXPECT_EQ(harness.scheduler->counts().prompt_tokens_computed, 22);
  }
}

TEST(Scheduler, ComputesAtLeastOneTokenOfAWhollyCachedPrompt) {
  SchedulerHarness harness("separated", 100, 4, true, {.max_num_seqs = 8, .max_step_tokens = 100});
  const std::vector<std::int32_t> prompt = {1, 2, 3, 4, 5, 6, 7, 8};
  harness.add(prompt, 3);
  harness.finish();
  const Sequence& again = harness.add(prompt, 3);
  EXPECT_EQ(harness.step(), "1:4p");
  harness.finish();
  EXPECT_EQ(harness.generated(again), harness.alone(again));
}

TEST(Scheduler, FindsBlocksFilledByDecoding) {
  SchedulerHarness harness("separated", 100, 4, true, {.max_num_seqs = 8, .max_step_tokens = 100});
  const Sequence& first = harness.add({1, 2, 3, 4, 5}, 8);
  harness.finish();
  // 12 of its 13 tokens were computed: three full blocks.
  std::vector<std::int32_t> longer = first.tokens;
  const Sequence& second = harness.add(longer, 1);
  harness.finish();
  EXPECT_EQ(second.cached_prompt_tokens, 12);
}

TEST(Scheduler, APrefixHitAfterAPreemptionComputesOnlyTheRest) {
  for (const char* policy : {"separated", "mixed"}) {
    SchedulerHarness harness(policy, 7, 4, true, {.max_num_seqs = 4, .max_step_tokens = 100});
    const Sequence& oldest = harness.add({1, 2, 3, 4, 5, 6, 7, 8, 9}, 8);
    const Sequence& newest = harness.add({1, 2, 3, 4, 5, 6, 7, 8, 30}, 8);
    harness.finish();
    EXPECT_GT(newest.preemptions, 0) << policy << ": the pool was meant to run short";
    EXPECT_EQ(oldest.preemptions, 0);
    EXPECT_EQ(harness.generated(oldest), harness.alone(oldest));
    EXPECT_EQ(harness.generated(newest), harness.alone(newest));
    const SchedulerCounts& counts = harness.scheduler->counts();
    EXPECT_EQ(counts.prompt_tokens_computed + counts.prompt_tokens_cached, 18);
    EXPECT_EQ(counts.recomputed_tokens, 0) << "all full blocks were still there";
    EXPECT_EQ(harness.blocks.free_blocks(), 7);
  }
}

TEST(Scheduler, GivesBlocksBackWhenARunIsAbandoned) {
  BlockManager blocks(10, 4, {.prefix_cache = true});
  Sequence sequence;
  sequence.tokens = {1, 2, 3, 4, 5};
  sequence.num_prompt_tokens = 5;
  sequence.max_new_tokens = 5;
  {
    const auto scheduler = make_scheduler("mixed", blocks, {.max_num_seqs = 1, .max_step_tokens = 8}, 1);
    scheduler->add(sequence);
    EXPECT_FALSE(scheduler->schedule().empty());
    EXPECT_EQ(blocks.free_blocks(), 8);
  }
  EXPECT_EQ(blocks.free_blocks(), 10);
}

TEST(Scheduler, UnknownNamesAreListed) {
  BlockManager blocks(1, 1, {});
  try {
    make_scheduler("fastest", blocks, {.max_num_seqs = 1, .max_step_tokens = 1}, 1);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "scheduler 'fastest' is unknown; there are: separated, mixed");
  }
}

}  // namespace
}  // namespace tpscale
