#include "kv/eviction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/counter_rng.h"
#include "core/error.h"

namespace tpscale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::int32_t> dropped(const EvictionPolicy& policy, const std::vector<float>& norms,
                                  const EvictionPolicy::Place& place = {}) {
  const auto cached = static_cast<std::int64_t>(norms.size());
  std::vector<std::int32_t> gone(static_cast<std::size_t>(cached - policy.kept_of(cached)));
  std::vector<std::int32_t> scratch;
  policy.drop(place, norms, gone, scratch);
  return gone;
}

TEST(Eviction, StreamingKeepsSinksAndTheRecent) {
  const EvictionPolicy policy("streaming_8", {});
  EXPECT_EQ(policy.kept_of(8), 8);
  EXPECT_EQ(policy.kept_of(100), 8);
  EXPECT_THAT(dropped(policy, std::vector<float>(11)), ElementsAre(4, 5, 6));
  EXPECT_TRUE(policy.rotates_cached_keys());
  EXPECT_TRUE(policy.cuts(0));  // whatever layers others skip
  EXPECT_THAT(dropped(EvictionPolicy("streaming_3", {.sinks = 0}), std::vector<float>(5)), ElementsAre(0, 1));
}

TEST(Eviction, RecentOnlyKeepsTheLast) {
  const EvictionPolicy policy("recent_only_3", {});
  EXPECT_THAT(dropped(policy, std::vector<float>(5)), ElementsAre(0, 1));
  EXPECT_FALSE(policy.cuts(0));
  EXPECT_FALSE(policy.cuts(1));
  EXPECT_TRUE(policy.cuts(2));
  EXPECT_TRUE(EvictionPolicy("recent_only_3", {.skip_layers = {}}).cuts(0));
}

TEST(Eviction, TheSmallestNormsStayAndOfEqualOnesTheFirst) {
  const EvictionPolicy policy("fix_size_l2_3", {});
  EXPECT_THAT(dropped(policy, {5.0F, 1.0F, 4.0F, 2.0F, 3.0F}), ElementsAre(0, 2));
  EXPECT_THAT(dropped(policy, {2.0F, 2.0F, 2.0F, 2.0F, 1.0F}), ElementsAre(2, 3));
  EXPECT_THAT(dropped(EvictionPolicy("fix_size_l2_3", {.keep = KeepNorms::kHigh}), {5, 1, 4, 2, 4}),
              ElementsAre(1, 3));
  EXPECT_THAT(dropped(EvictionPolicy("fix_size_l2_3", {.keep = KeepNorms::kHigh}), {2, 2, 2, 2, 3}),
              ElementsAre(2, 3));
}

TEST(Eviction, TheNewestAreProtectedFromTheirNorms) {
  const EvictionPolicy policy("fix_size_l2_4", {.protect_ratio = 0.5});
  EXPECT_THAT(dropped(policy, {1.0F, 9.0F, 2.0F, 3.0F, 8.0F, 7.0F}), ElementsAre(1, 3));
  // int(4 x 0.7) = 2 as well; all of it protected is recent_only
  EXPECT_THAT(dropped(EvictionPolicy("fix_size_l2_4", {.protect_ratio = 0.7}), {1, 9, 2, 3, 8, 7}),
              ElementsAre(1, 3));
  EXPECT_THAT(dropped(EvictionPolicy("fix_size_l2_4", {.protect_ratio = 1.0}), {1, 1, 9, 9, 9, 9}),
              ElementsAre(0, 1));
}

TEST(Eviction, TheRatioWaitsAndRoundsUp) {
  const EvictionPolicy policy("l2_ratio_0.9", {.prune_after = 5});
  EXPECT_EQ(policy.kept_of(4), 4);
  EXPECT_EQ(policy.kept_of(5), 5);  // ceil(4.5)
  EXPECT_EQ(policy.kept_of(11), 10);
  EXPECT_THAT(dropped(policy, {1, 2, 3, 4, 9, 4, 3, 2, 1, 0, 0}), ElementsAre(4));
  EXPECT_TRUE(policy.cuts(0));
  EXPECT_FALSE(EvictionPolicy("l2_ratio_0.9", {.ratio_skip_layers = {0}}).cuts(0));
}

TEST(Eviction, TheBaselineKeepsAll) {
  const EvictionPolicy policy("baseline", {});
  EXPECT_EQ(policy.kept_of(1 << 20), 1 << 20);
  EXPECT_EQ(policy.most_cached(7, 30), 30);
}

/// Against sorting all of them, on norms of which most tie.
TEST(Eviction, DropsWhatSortingWouldLeaveOut) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto cached = static_cast<std::size_t>(2 + counter_bits(seed, 0) % 60);
    const auto size = static_cast<std::int64_t>(1 + counter_bits(seed, 1) % cached);
    const double protect = counter_uniform(seed, 2);
    std::vector<float> norms;
    for (std::size_t i = 0; i < cached; ++i)
      norms.push_back(static_cast<float>(counter_bits(seed, 10 + i) % 5));
    const EvictionPolicy policy("fix_size_l2_" + std::to_string(size), {.protect_ratio = protect});
    const auto newest = static_cast<std::int64_t>(static_cast<double>(size) * protect);
    std::vector<std::int32_t> order(cached - static_cast<std::size_t>(newest));
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](std::int32_t i) { return norms[static_cast<std::size_t>(i)]; });
    std::vector<std::int32_t> expected(order.begin() + (size - newest), order.end());
    std::ranges::sort(expected);
    EXPECT_EQ(dropped(policy, norms), expected) << "seed " << seed;
  }
}

TEST(Eviction, RandomChoicesDifferByPlaceAndNotByAnythingElse) {
  const EvictionPolicy policy("fix_size_l2_40", {.keep = KeepNorms::kRandom, .seed = 3});
  EXPECT_FALSE(policy.by_norm());
  const std::vector<float> norms(100, 1.0F);
  const auto one = dropped(policy, norms, {.layer = 2, .head = 1, .passes = 7});
  EXPECT_EQ(one.size(), 60u);
  EXPECT_TRUE(std::ranges::is_sorted(one));
  EXPECT_EQ(std::ranges::adjacent_find(one), one.end());
  EXPECT_EQ(one, dropped(policy, std::vector<float>(100, 5.0F), {.layer = 2, .head = 1, .passes = 7}));
  for (const EvictionPolicy::Place& other :
       {EvictionPolicy::Place{3, 1, 7}, EvictionPolicy::Place{2, 0, 7}, EvictionPolicy::Place{2, 1, 8}}) {
    EXPECT_NE(one, dropped(policy, norms, other));
  }
}

TEST(Eviction, ThePoolIsAsLargeAsTheLongestMoment) {
  EXPECT_EQ(EvictionPolicy("streaming_8", {}).most_cached(1, 100), 9);
  EXPECT_EQ(EvictionPolicy("streaming_8", {}).most_cached(50, 100), 50);
  EXPECT_EQ(EvictionPolicy("streaming_8", {}).most_cached(1, 5), 5);
  EXPECT_EQ(EvictionPolicy("l2_ratio_0.5", {.prune_after = 10}).most_cached(1, 100), 10);
  EXPECT_EQ(EvictionPolicy("l2_ratio_0.5", {.prune_after = 10}).most_cached(60, 61), 60);
}

TEST(Eviction, FamiliesStandForTheirUsualSizes) {
  const auto names = [](const std::vector<std::string>& asked) {
    std::vector<std::string> found;
    for (const EvictionPolicy& policy : parse_methods(asked, {})) found.push_back(policy.name());
    return found;
  };
  EXPECT_THAT(names({"baseline", "streaming", "l2_ratio"}),
              ElementsAre("baseline", "streaming_256", "streaming_512", "streaming_1024", "l2_ratio_0.9"));
  EXPECT_THAT(names({"streaming_512", "streaming"}),
              ElementsAre("streaming_512", "streaming_256", "streaming_1024"));
}

TEST(Eviction, NamesThatAreNoneAreSaid) {
  const auto message = [](const std::string& name, const EvictionSettings& settings = {}) -> std::string {
    try {
      parse_methods(std::vector{name}, settings);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  for (const char* name : {"", "stream", "streaming_", "streaming_x", "streaming_8x", "baseline_8",
                           "l2_ratio_", "fix_size_l2_1e3", "recent_only_-4x"}) {
    EXPECT_THAT(message(name), HasSubstr("there is no method")) << name;
  }
  EXPECT_THAT(message("recent_only_0"), HasSubstr("between 1 and"));
  EXPECT_THAT(message("recent_only_99999999"), HasSubstr("between 1 and"));
  EXPECT_THAT(message("l2_ratio_0"), HasSubstr("share"));
  EXPECT_THAT(message("l2_ratio_nan"), HasSubstr("share"));
  EXPECT_THAT(message("streaming_4"), HasSubstr("--sinks"));
  EXPECT_THAT(message("streaming_4", {.sinks = -1}), HasSubstr("--sinks"));
  EXPECT_THAT(message("l2_ratio_0.5", {.prune_after = 0}), HasSubstr("--prune-after"));
  EXPECT_THAT(message("fix_size_l2_4", {.protect_ratio = std::nan("")}), HasSubstr("--protect-ratio"));
  EXPECT_THROW(parse_keep_norms("lowest"), UsageError);
}

}  // namespace
}  // namespace tpscale
