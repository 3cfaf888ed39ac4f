// The engine against what another implementation computes from the same small checkpoints.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "engine_harness.h"
#include "model/fixture.h"
#include "support/run_on_ranks.h"

namespace tpscale {
namespace {

using test::EngineHarness;
using test::Fixture;
using test::read_fixture;

class FixtureEngine : public ::testing::TestWithParam<const char*> {};

TEST_P(FixtureEngine, GeneratesTheGreedyTokens) {
  const Fixture fixture = read_fixture(GetParam());
  const Request request{.prompt = fixture.prompt_ids,
                        .max_new_tokens = static_cast<std::int64_t>(fixture.greedy_ids.size())};
  for (const char* scheduler : {"separated", "mixed"}) {
    for (const std::int64_t chunk : {5, 1000}) {
      EngineOptions options;
      options.dtype = "f32";
      options.scheduler = scheduler;
      options.max_num_batched_tokens = chunk;
      EngineHarness engine(test::fixture_folder(GetParam()), options, {&request, 1});
      const RunResult result = engine->run({&request, 1});
      EXPECT_EQ(result.requests.at(0).tokens, fixture.greedy_ids) << scheduler << ", steps of " << chunk;
    }
  }
}

TEST_P(FixtureEngine, ScoresTheText) {
  const Fixture fixture = read_fixture(GetParam());
  EngineOptions options;
  options.dtype = "f32";
  const auto length = static_cast<std::int64_t>(fixture.token_ids.size());
  EngineHarness whole(test::fixture_folder(GetParam()), options, {}, length);
  options.max_num_batched_tokens = 37;
  EngineHarness chunked(test::fixture_folder(GetParam()), options, {}, length);
  for (EngineHarness* engine : {&whole, &chunked}) {
    const auto scores = (*engine)->score(fixture.token_ids);
    ASSERT_EQ(scores.size(), fixture.nll.size());
    for (std::size_t i = 0; i < scores.size(); ++i) ASSERT_NEAR(scores[i].nll, fixture.nll[i], 1e-4) << i;
    EXPECT_EQ((*engine)->free_blocks(), (*engine)->sizes().num_kv_blocks);
  }
}

TEST_P(FixtureEngine, ScoresTheTextInTheDtypeOfItsFiles) {
  const Fixture fixture = read_fixture(GetParam());
  EngineHarness engine(test::fixture_folder(GetParam()), {}, {},
                       static_cast<std::int64_t>(fixture.token_ids.size()));
  std::vector<double> nll;
  for (const TokenScore& score : engine->score(fixture.token_ids)) nll.push_back(score.nll);
  test::expect_as_near_as(engine.config().dtype, fixture, nll);
}

TEST(InstructionSets, AllComputeF16WithinItsBounds) {
  const Fixture fixture = read_fixture("pythia-f16");
  for (const char* name : {"generic", "avx2", "avx512", "amx"}) {
    SCOPED_TRACE(name);
    BackendOptions options;
    options.threads = 1;
    options.instruction_set = name;
    std::unique_ptr<Backend> backend;
    try {
      backend = backend_registry().find("cpu").factory(options, {});
    } catch (const NotAvailableError&) {
      continue;  // this machine has not got it
    }
    EngineHarness engine(std::move(backend), fixture.folder, {}, {},
                         static_cast<std::int64_t>(fixture.token_ids.size()));
    std::vector<double> nll;
    for (const TokenScore& score : engine->score(fixture.token_ids)) nll.push_back(score.nll);
    test::expect_as_near_as(Dtype::kF16, fixture, nll);
  }
}

TEST_P(FixtureEngine, ScoresAndGeneratesAlikeOnSeveralRanks) {
  const Fixture fixture = read_fixture(GetParam());
  const Request request{.prompt = fixture.prompt_ids,
                        .max_new_tokens = static_cast<std::int64_t>(fixture.greedy_ids.size())};
  EngineOptions options;
  options.dtype = "f32";
  test::run_on_ranks(2, [&](Communicator& comm) {  // more of them: tests/model, and equivalence_test here
    EngineHarness scorer(test::fixture_folder(GetParam()), options, {},
                         static_cast<std::int64_t>(fixture.token_ids.size()), &comm);
    const auto scores = scorer->score(fixture.token_ids);
    ASSERT_EQ(scores.size(), fixture.nll.size());
    for (std::size_t i = 0; i < scores.size(); ++i) ASSERT_NEAR(scores[i].nll, fixture.nll[i], 1e-4) << i;
    EngineHarness engine(test::fixture_folder(GetParam()), options, {&request, 1}, 0, &comm);
    EXPECT_EQ(engine->run({&request, 1}).requests.at(0).tokens, fixture.greedy_ids);
  });
}

std::string test_name(const ::testing::TestParamInfo<const char*>& parameter) {
  std::string name = parameter.param;
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, FixtureEngine, ::testing::ValuesIn(test::kFixtures), test_name);

}  // namespace
}  // namespace tpscale
