#include "engine/logit_scores.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tpscale {
namespace {

TEST(ScoreRows, JudgesRowsOfASplitAndPaddedVocabulary) {
  // Vocabulary of 5 over 2 parts of 3 columns; the last column is padding that must not count, however large.
  const std::vector<float> logits = {1.0F, 4.0F, 2.0F,  0.0F, 0.0F, 9.0F,    // part 0: rows 0 and 1
                                     4.0F, 3.0F, 100.F, 1.0F, 7.0F, 100.F};  // part 1
  const std::vector<std::int32_t> targets = {3, 0};
  std::vector<float> row;
  std::vector<TokenScore> scores;
  score_rows({.data = reinterpret_cast<const std::byte*>(logits.data()),
              .dtype = Dtype::kF32,
              .parts = 2,
              .rows = 2,
              .cols = 3,
              .vocab_size = 5},
             targets, row, scores);
  ASSERT_EQ(scores.size(), 2U);
  const double sum0 = std::exp(1.0) + std::exp(4.0) + std::exp(2.0) + std::exp(4.0) + std::exp(3.0);
  EXPECT_NEAR(scores[0].nll, std::log(sum0) - 4.0, 1e-6);
  EXPECT_EQ(scores[0].best, 1) << "the lowest index on ties";
  EXPECT_EQ(scores[0].margin, 0.0F);
  EXPECT_EQ(scores[1].best, 2);
  EXPECT_EQ(scores[1].best_logit, 9.0F);
  EXPECT_EQ(scores[1].margin, 2.0F);
  EXPECT_EQ(scores[1].target_logit, 0.0F);
}

TEST(ScoreRows, StandsLargeLogits) {
  const std::vector<float> logits = {3e4F, -3e4F};
  std::vector<float> row;
  std::vector<TokenScore> scores;
  score_rows(
      {.data = reinterpret_cast<const std::byte*>(logits.data()), .rows = 1, .cols = 2, .vocab_size = 2},
      std::vector<std::int32_t>{1}, row, scores);
  EXPECT_DOUBLE_EQ(scores.at(0).nll, 6e4);
}

}  // namespace
}  // namespace tpscale
