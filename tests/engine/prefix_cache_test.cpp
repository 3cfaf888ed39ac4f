#include <gtest/gtest.h>

#include "engine_harness.h"

namespace tpscale {
namespace {

using test::EngineHarness;
using test::tokens_of;

constexpr std::int64_t kBlock = 16;

/// `count` requests that begin with the same `shared` tokens and go on for `own` tokens of their own.
std::vector<Request> sharers(std::int64_t count, std::int64_t shared, std::int64_t own) {
  auto requests = test::random_requests(count, 512, 1, 1, 5);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].prompt.clear();
    for (std::int64_t t = 0; t < shared; ++t)
      requests[i].prompt.push_back(static_cast<std::int32_t>(t * t % 512));
    for (std::int64_t t = 0; t < own; ++t) {
      requests[i].prompt.push_back(
          static_cast<std::int32_t>((static_cast<std::int64_t>(i) * 31 + t * 7) % 512));
    }
    requests[i].max_new_tokens = 4;
  }
  return requests;
}

EngineOptions options_with(bool prefix_cache) {
  EngineOptions options;
  options.dtype = "f32";
  options.block_size = kBlock;
  options.prefix_cache = prefix_cache;
  options.max_num_seqs = 1;  // one after the other: each finds what those before it left
  return options;
}

TEST(PrefixCache, OnEqualsOffAndHitsAreThoseThatTheBlockSizePredicts) {
  const auto requests = sharers(6, 70, 20);
  EngineHarness off("tiny", options_with(false), requests);
  EngineHarness on("tiny", options_with(true), requests);
  const RunResult without = off->run(requests);
  const RunResult with = on->run(requests);
  EXPECT_EQ(tokens_of(with), tokens_of(without));
  EXPECT_EQ(without.prompt_tokens_cached, 0);
  EXPECT_EQ(without.prompt_tokens_looked_up, 0);
  EXPECT_EQ(without.prompt_tokens_computed, 6 * 90);
  EXPECT_EQ(with.prompt_tokens_looked_up, 6 * 90);
  EXPECT_EQ(with.prompt_tokens_cached, 5 * (70 / kBlock) * kBlock);
  EXPECT_EQ(with.prompt_tokens_computed, 6 * 90 - with.prompt_tokens_cached);
  for (std::size_t i = 1; i < requests.size(); ++i) EXPECT_EQ(with.requests[i].cached_prompt_tokens, 64);
}

TEST(PrefixCache, AWhollyCachedPromptStillComputesItsLastBlock) {
  const auto requests = sharers(1, 64, 0);
  EngineHarness engine("tiny", options_with(true), requests);
  const RunResult first = engine->run(requests);
  const RunResult second = engine->run(requests);
  EXPECT_EQ(tokens_of(second), tokens_of(first));
  EXPECT_EQ(second.prompt_tokens_cached, 48);
  EXPECT_EQ(second.prompt_tokens_computed, 16);
}

TEST(PrefixCache, FlushForgets) {
  const auto requests = sharers(1, 64, 0);
  EngineHarness engine("tiny", options_with(true), requests);
  engine->run(requests);
  EXPECT_GT(engine->cached_blocks(), 0);
  engine->flush_prefix_cache();
  EXPECT_EQ(engine->cached_blocks(), 0);
  EXPECT_EQ(engine->run(requests).prompt_tokens_cached, 0);
}

TEST(PrefixCache, ScoringBorrowsBlocksAndLeavesNothingToBeFound) {
  const auto requests = sharers(1, 64, 0);
  EngineHarness engine("tiny", options_with(true), requests);
  const auto expected = tokens_of(engine->run(requests));
  engine->score(requests[0].prompt);
  EXPECT_EQ(engine->free_blocks(), engine->sizes().num_kv_blocks);
  EXPECT_EQ(tokens_of(engine->run(requests)), expected);
}

TEST(PrefixCache, DynamicScalingKeepsLongSequencesApart) {
  // The fixture's max_position_embeddings is 64: keys of longer sequences depend on their whole length.
  const std::string model = test::fixture_folder("llama-dynamic-f32");
  auto requests = sharers(2, 60, 20);
  for (Request& request : requests) {
    for (auto& token : request.prompt) token %= 256;
  }
  requests[1].prompt.resize(100, 7);
  EngineHarness off(model, options_with(false), requests);
  EngineHarness on(model, options_with(true), requests);
  const RunResult with = on->run(requests);
  EXPECT_EQ(tokens_of(with), tokens_of(off->run(requests)));
  EXPECT_EQ(with.prompt_tokens_cached, 0);
  EXPECT_EQ(with.prompt_tokens_looked_up, 0);
}

}  // namespace
}  // namespace tpscale
