#include "bench/micro/cache_state.h"

#include <gtest/gtest.h>

namespace tpscale {
namespace {

constexpr std::int64_t kCache = 1 << 20;

std::string state(const std::string& family, double bytes, std::int64_t cache = kCache) {
  return cache_state({family, "op"}, {rate("bytes", "B", bytes), share("of_read", "B", bytes, 1e9)}, cache);
}

TEST(CacheState, WeightsBeyondTheLastCacheAreCold) {
  EXPECT_TRUE(state("linear", kCache + 1).starts_with("cold weights"));
  EXPECT_TRUE(state("fused", kCache + 1).starts_with("cold weights"));
  EXPECT_TRUE(state("linear", kCache).starts_with("in cache"));
}

TEST(CacheState, BytesThatAnOpCountsTwiceClaimLess) {
  EXPECT_TRUE(state("row", kCache).starts_with("in cache"));
  EXPECT_TRUE(state("row", 3.0 * kCache).starts_with("partly in cache"));
  EXPECT_TRUE(state("attention", 5.0 * kCache).starts_with("cold"));
}

TEST(CacheState, NothingIsClaimedOfAnUnknownCache) {
  EXPECT_TRUE(state("linear", 1e9, 0).starts_with("unknown"));
}

TEST(CacheState, WhatReadsNoDeviceMemoryIsWarm) {
  EXPECT_TRUE(cache_state({"all_reduce", "shm"}, {rate("algbw", "B", 1e9)}, kCache).starts_with("warm"));
  EXPECT_TRUE(cache_state({"tokenize", "gpt2"}, {rate("bytes", "B", 1e9)}, kCache).starts_with("warm"));
  EXPECT_TRUE(cache_state({"safetensors", "plain_read"}, {rate("bytes", "B", 1e9)}, kCache)
                  .starts_with("in the page cache"));
}

}  // namespace
}  // namespace tpscale
