#include "bench/trial/token_equality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/trial/model_session.h"
#include "bench/trial/text_score.h"
#include "parallel/world/single_world.h"

namespace tpscale {
namespace {

using testing::HasSubstr;

/// One rank with `tiny` in f32: it agrees with itself, and what is changed by hand is what differs.
class TokenEqualityTest : public testing::Test {
 protected:
  TokenEqualityTest() {
    ModelOptions model;
    model.model = "tiny";
    engine_.dtype = "f32";
    BackendOptions backend;
    backend.threads = 1;
    source_ = open_model(world_, model);
    group_ = std::make_unique<RankGroup>(world_, DeviceSetup{"cpu", backend, {}}, 1);
    session_ = std::make_unique<ModelSession>(world_, *group_, *source_, engine_, requests_);
    result_ = session_->engine().run(requests_);
    base_ = score_as_base(session_->engine(), requests_, result_, 1);
  }

  Verdict compare(const BaseReference& base) {
    return compare_with_base(session_->engine(), group_->comm(), requests_, result_, &base, Dtype::kF32);
  }

  SingleWorld world_;
  EngineOptions engine_;
  std::vector<Request> requests_{{{1, 2, 3, 4, 5}, 6, 0.0}, {{9, 8, 7}, 4, 0.0}};
  std::unique_ptr<ModelSource> source_;
  std::unique_ptr<RankGroup> group_;
  std::unique_ptr<ModelSession> session_;
  RunResult result_;
  BaseReference base_;
};

TEST_F(TokenEqualityTest, IdenticalTokensAreL0) {
  const Verdict verdict = compare(base_);
  EXPECT_TRUE(verdict.passed);
  EXPECT_EQ(verdict.level, "L0");
}

TEST_F(TokenEqualityTest, TheBaseIsReadBackFromItsPoint) {
  Point point;
  EXPECT_FALSE(base_from(point, 1).has_value());
  point.arrays = {base_.tokens, *base_.margin, *base_.logit};
  const auto read = base_from(point, 1);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(compare(*read).level, "L0");
}

TEST_F(TokenEqualityTest, ShorterRowsArePadded) {
  EXPECT_EQ(base_.tokens.rows, 2);
  EXPECT_EQ(base_.tokens.cols, 6);
  EXPECT_EQ(base_.tokens.values[6 + 3], result_.requests[1].tokens[3]);
  EXPECT_EQ(base_.tokens.values[6 + 4], -1);
}

TEST_F(TokenEqualityTest, AWrongTokenFails) {
  result_.requests[0].tokens[2] = (result_.requests[0].tokens[2] + 1) % 512;
  const Verdict verdict = compare(base_);
  EXPECT_FALSE(verdict.passed);
  EXPECT_EQ(verdict.level, "");
  EXPECT_THAT(verdict.sentence, HasSubstr("sequence 0 token 2"));
}

TEST_F(TokenEqualityTest, ANearTieIsL1) {
  result_.requests[0].tokens[2] = (result_.requests[0].tokens[2] + 1) % 512;
  base_.margin->values[2] = 500;  // 0.0005: below the 0.001 of f32
  const Verdict verdict = compare(base_);
  EXPECT_TRUE(verdict.passed) << verdict.sentence;
  EXPECT_EQ(verdict.level, "L1");
}

TEST_F(TokenEqualityTest, ANearTieWithAnotherLogitFails) {
  result_.requests[0].tokens[2] = (result_.requests[0].tokens[2] + 1) % 512;
  base_.margin->values[2] = 500;
  base_.logit->values[2] += 5000;  // 0.005 apart
  EXPECT_FALSE(compare(base_).passed);
}

TEST_F(TokenEqualityTest, ABaseWithoutMarginsCannotExcuseADifference) {
  result_.requests[1].tokens[0] = (result_.requests[1].tokens[0] + 1) % 512;
  base_.margin.reset();
  EXPECT_FALSE(compare(base_).passed);
}

TEST_F(TokenEqualityTest, SequencesBeyondTheBaseAreNotCompared) {
  base_.tokens.rows = 1;
  result_.requests[1].tokens[0] = (result_.requests[1].tokens[0] + 1) % 512;
  EXPECT_THAT(compare(base_).sentence, HasSubstr("1 sequences"));
  EXPECT_TRUE(compare(base_).passed);
}

TEST_F(TokenEqualityTest, WindowsScoreEveryTokenOnceAndTheFirstOnesAlike) {
  const std::vector<std::int32_t> text{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const TextScore whole = score_text(session_->engine(), text, 9);
  const TextScore windows = score_text(session_->engine(), text, 4);
  ASSERT_EQ(whole.nll.size(), 8u);
  ASSERT_EQ(windows.nll.size(), 8u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(whole.nll[i], windows.nll[i], 1e-4);
  EXPECT_GT(whole.perplexity(), 1.0);
}

}  // namespace
}  // namespace tpscale
