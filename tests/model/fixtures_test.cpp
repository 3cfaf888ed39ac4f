#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "comm/single_rank.h"
#include "model/fixture.h"
#include "model/model_harness.h"

namespace tpscale {
namespace {

using test::Fixture;
using test::ModelHarness;

class Fixtures : public testing::TestWithParam<const char*> {
 protected:
  const Fixture fixture_ = test::read_fixture(GetParam());
  SingleRank single_;
};

using Chunks = Fixtures;

// Computing in f32 from whatever the files hold: the reference did the same.
TEST_P(Fixtures, F32MatchesTheReferencePositionByPosition) {
  ModelHarness model(fixture_.folder, Dtype::kF32, single_, 256);
  const std::vector<float> logits = model.append(fixture_.token_ids);
  test::expect_as_near_as(Dtype::kF32, fixture_, test::nll_of(logits, fixture_.token_ids));
  ASSERT_LE(fixture_.logits.size(), logits.size());
  const auto last = std::span(logits).last(fixture_.logits.size());
  for (std::size_t i = 0; i < last.size(); ++i)
    ASSERT_NEAR(last[i], fixture_.logits[i], 1e-4) << "logit " << i;
}

TEST_P(Fixtures, F32GreedyTokensEqualTheReference) {
  ModelHarness model(fixture_.folder, Dtype::kF32, single_, 256);
  EXPECT_EQ(model.greedy(fixture_.prompt_ids, fixture_.greedy_ids.size()), fixture_.greedy_ids);
}

TEST_P(Fixtures, SixteenBitsStayWithinWhatTheyCost) {
  for (const Dtype dtype : {Dtype::kBF16, Dtype::kF16}) {
    SCOPED_TRACE(to_string(dtype));
    ModelHarness model(fixture_.folder, dtype, single_, 256);
    const auto logits = model.append(fixture_.token_ids);
    test::expect_as_near_as(dtype, fixture_, test::nll_of(logits, fixture_.token_ids));
  }
}

// `dynamic` is not among them: its rotations depend on the length so far. A text in pieces through the cache
// gives what one uncut forward gives.
TEST_P(Chunks, ThroughTheCacheEqualOneForward) {
  if (std::string(GetParam()) == "llama-dynamic-f32")
    GTEST_SKIP() << "its rotations depend on the length so far";
  ModelHarness model(fixture_.folder, Dtype::kF32, single_, 256);
  const std::vector<float> whole = model.append(fixture_.token_ids);
  model.restart();
  std::vector<float> pieces;
  const auto tokens = std::span(fixture_.token_ids);
  for (std::size_t first = 0, size = 1; first < tokens.size(); first += size, size = size * 2 + 1) {
    const auto logits = model.append(tokens.subspan(first, std::min(size, tokens.size() - first)));
    pieces.insert(pieces.end(), logits.begin(), logits.end());
  }
  ASSERT_EQ(pieces.size(), whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_NEAR(pieces[i], whole[i], 2e-4) << "logit " << i;
}

std::string test_name(const testing::TestParamInfo<const char*>& fixture) {
  std::string text = fixture.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

INSTANTIATE_TEST_SUITE_P(All, Fixtures, testing::ValuesIn(test::kFixtures), test_name);
INSTANTIATE_TEST_SUITE_P(Static, Chunks,
                         testing::Values("llama2-f32", "llama3-bf16-sharded", "llama-linear-f32",
                                         "llama-yarn-f16", "llama-bias-f32", "qwen3-bf16", "gpt2-f32",
                                         "dialogpt-f16", "pythia-f16", "neox-sequential-f32", "mistral-bf16",
                                         "qwen2-f32"),
                         test_name);

}  // namespace
}  // namespace tpscale
