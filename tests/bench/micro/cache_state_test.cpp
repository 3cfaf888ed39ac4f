#include "bench/micro/cache_state.h"

#include <gtest/gtest.h>

namespace tpscale {
namespace {

constexpr std::int64_t kCache = 1 << 20;

std::string state(const std::string& family, double working_set, std::int64_t cache = kCache) {
  Rate bytes = rate("bytes", "B", 16.0);
  bytes.working_set = working_set;
  return cache_state({family, "op"}, {rate("flops", "FLOP", 1e9), bytes}, cache);
}

TEST(CacheState, WhatIsUsedInTurnIsColdWhereTheLastCacheCannotHoldIt) {
  EXPECT_TRUE(state("linear", kCache + 1).starts_with("cold weights"));
  EXPECT_TRUE(state("fused", kCache + 1).starts_with("cold weights"));
  EXPECT_TRUE(state("attention", kCache + 1).starts_with("cold:"));
  EXPECT_TRUE(state("linear", kCache).starts_with("in cache"));
  EXPECT_TRUE(state("row", kCache).starts_with("in cache"));
}

TEST(CacheState, NothingIsClaimedOfAnUnknownCache) {
  EXPECT_TRUE(state("linear", 1e9, 0).starts_with("unknown"));
}

TEST(CacheState, WhatSaysNoWorkingSetIsWarm) {
  EXPECT_TRUE(cache_state({"all_reduce", "shm"}, {rate("algbw", "B", 1e9)}, kCache).starts_with("warm"));
  EXPECT_TRUE(cache_state({"tokenize", "gpt2"}, {rate("bytes", "B", 1e9)}, kCache).starts_with("warm"));
  EXPECT_TRUE(cache_state({"safetensors", "plain_read"}, {rate("bytes", "B", 1e9)}, kCache)
                  .starts_with("in the page cache"));
}

}  // namespace
}  // namespace tpscale
