#include "bench/trial/shared_prefix.h"

#include <gtest/gtest.h>

namespace tpscale {
namespace {

// The test plan's example: 100 requests of 512 tokens, 70 of which share 80 %.
constexpr SharedPrefix kPlan{.requests = 100, .sharers = 70, .prompt_tokens = 512, .prefix_tokens = 409};

TEST(SharedPrefix, ThePlansOwnNumberCountsTheFirstSharer) {
  EXPECT_NEAR(counted_saving(kPlan), 0.5592, 5e-5);
}

TEST(SharedPrefix, TheIdealDoesNot) {
  EXPECT_NEAR(ideal_saving(kPlan, 1), 0.5512, 5e-5);
}

TEST(SharedPrefix, LargeBlocksSaveLess) {
  EXPECT_NEAR(ideal_saving(kPlan, 256), 0.345, 5e-5);
  EXPECT_EQ(ideal_saving(kPlan, 512), 0.0);
}

TEST(SharedPrefix, OneTokenOfAPromptIsAlwaysComputed) {
  const SharedPrefix whole{.requests = 2, .sharers = 2, .prompt_tokens = 64, .prefix_tokens = 64};
  EXPECT_DOUBLE_EQ(ideal_saving(whole, 16), 48.0 / 128.0);
}

TEST(SharedPrefix, NobodyToShareWithSavesNothing) {
  EXPECT_EQ(ideal_saving({.requests = 3, .sharers = 0, .prompt_tokens = 8, .prefix_tokens = 4}, 1), 0.0);
  EXPECT_EQ(ideal_saving({.requests = 3, .sharers = 1, .prompt_tokens = 8, .prefix_tokens = 4}, 1), 0.0);
}

}  // namespace
}  // namespace tpscale
