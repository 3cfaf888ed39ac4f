#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "comm/single_rank.h"
#include "model/fixture.h"
#include "model/model_harness.h"
#include "support/run_on_ranks.h"

namespace tpscale {
namespace {

using test::ModelHarness;

struct Result {
  std::vector<std::int32_t> tokens;
  std::vector<float> logits;
};

Result run(const std::string& model, Dtype dtype, Communicator& comm, const std::vector<std::int32_t>& text,
           const std::vector<std::int32_t>& prompt) {
  ModelHarness harness(model, dtype, comm, 256);
  Result result;
  result.logits = harness.append(text);
  result.tokens = harness.greedy(prompt, 24);
  return result;
}

/// Every rank's result.
std::vector<Result> run_on(int degree, const std::string& model, Dtype dtype,
                           const std::vector<std::int32_t>& text, const std::vector<std::int32_t>& prompt) {
  std::vector<Result> results(static_cast<std::size_t>(degree));
  test::run_on_ranks(degree, [&](Communicator& comm) {
    results[static_cast<std::size_t>(comm.rank())] = run(model, dtype, comm, text, prompt);
  });
  return results;
}

class TensorParallel : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(TensorParallel, TokensAndNllEqualThoseOfOneRank) {
  const auto& [name, degree] = GetParam();
  const test::Fixture fixture = test::read_fixture(name);
  const auto results = run_on(degree, fixture.folder, Dtype::kF32, fixture.token_ids, fixture.prompt_ids);
  for (const Result& result : results) {
    EXPECT_EQ(result.tokens, fixture.greedy_ids);
    const std::vector<double> nll = test::nll_of(result.logits, fixture.token_ids);
    for (std::size_t i = 0; i < nll.size(); ++i)
      ASSERT_NEAR(nll[i], fixture.nll[i], 1e-4) << "position " << i;
    EXPECT_EQ(result.logits, results.front().logits) << "ranks differ in their bits";
  }
}

// 2 KV heads at degree 4: replicated. 4 query heads at degree 4: the most that qwen3 divides into.
INSTANTIATE_TEST_SUITE_P(
    All, TensorParallel,
    testing::Values(std::tuple("llama2-f32", 2), std::tuple("llama2-f32", 4), std::tuple("llama2-f32", 8),
                    std::tuple("llama3-bf16-sharded", 2), std::tuple("llama3-bf16-sharded", 4),
                    std::tuple("llama3-bf16-sharded", 8), std::tuple("llama-dynamic-f32", 4),
                    std::tuple("llama-yarn-f16", 4), std::tuple("llama-bias-f32", 2),
                    std::tuple("llama-bias-f32", 4), std::tuple("llama-bias-f32", 8),
                    std::tuple("qwen3-bf16", 2), std::tuple("qwen3-bf16", 4), std::tuple("gpt2-f32", 2),
                    std::tuple("gpt2-f32", 4), std::tuple("dialogpt-f16", 4), std::tuple("pythia-f16", 2),
                    std::tuple("pythia-f16", 4), std::tuple("neox-sequential-f32", 2),
                    std::tuple("neox-sequential-f32", 4), std::tuple("neox-sequential-f32", 8),
                    std::tuple("mistral-bf16", 2), std::tuple("mistral-bf16", 4),
                    std::tuple("mistral-bf16", 8), std::tuple("qwen2-f32", 2), std::tuple("qwen2-f32", 4)));

TEST(TensorParallelBF16, AllRanksHoldTheSameBits) {
  const test::Fixture fixture = test::read_fixture("qwen3-bf16");
  const auto results = run_on(4, fixture.folder, Dtype::kBF16, fixture.token_ids, fixture.prompt_ids);
  for (const Result& result : results) {
    EXPECT_EQ(result.tokens, results.front().tokens);
    EXPECT_EQ(result.logits, results.front().logits);
  }
}

class SixteenBits : public testing::TestWithParam<const char*> {};

TEST_P(SixteenBits, StayWithinWhatTheyCostOnSeveralRanks) {
  const test::Fixture fixture = test::read_fixture(GetParam());
  for (const Dtype dtype : {Dtype::kBF16, Dtype::kF16}) {
    for (const int degree : {2, 4}) {
      SCOPED_TRACE(testing::Message() << to_string(dtype) << " on " << degree << " ranks");
      std::vector<std::vector<float>> logits(static_cast<std::size_t>(degree));
      test::run_on_ranks(degree, [&](Communicator& comm) {
        ModelHarness model(fixture.folder, dtype, comm, 256);
        logits[static_cast<std::size_t>(comm.rank())] = model.append(fixture.token_ids);
      });
      for (const auto& of_rank : logits) EXPECT_EQ(of_rank, logits[0]) << "ranks differ in their bits";
      test::expect_as_near_as(dtype, fixture, test::nll_of(logits[0], fixture.token_ids));
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, SixteenBits, testing::ValuesIn(test::kFixtures), [](const auto& fixture) {
  std::string name = fixture.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

// Synthetic weights are a function of the element's place: every degree holds the same model.
TEST(SyntheticModel, EveryDegreeGivesTheSameTokens) {
  const std::vector<std::int32_t> text{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
  SingleRank single;
  const Result base = run("tiny", Dtype::kF32, single, text, text);
  for (const int degree : {2, 4, 8}) {
    for (const Result& result : run_on(degree, "tiny", Dtype::kF32, text, text)) {
      EXPECT_EQ(result.tokens, base.tokens) << "degree " << degree;
      ASSERT_EQ(result.logits.size(), base.logits.size());
      for (std::size_t i = 0; i < base.logits.size(); ++i)
        ASSERT_NEAR(result.logits[i], base.logits[i], 2e-4);
    }
  }
}

}  // namespace
}  // namespace tpscale
