#include "bench/micro/exact_message.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "bench/micro/collective.h"
#include "core/dtype.h"

namespace tpscale {
namespace {

constexpr std::size_t kElements = 16;

float rounded_sum(float a, float b) {
  return static_cast<float>(BFloat16(a + b));
}

/// As a ring adds: the first rank's number travels on, and each rank adds its own and rounds.
float ring_sum(const ExactMessage& message, int ranks, int first, std::size_t i) {
  float sum = message.sent(first, i);
  for (int step = 1; step < ranks; ++step) sum = rounded_sum(message.sent((first + step) % ranks, i), sum);
  return sum;
}

/// As a tree adds: halves, rounded, and their sum rounded again.
float tree_sum(const ExactMessage& message, int first, int ranks, std::size_t i) {
  if (ranks == 1) return message.sent(first, i);
  const int half = ranks / 2;
  return rounded_sum(tree_sum(message, first, half, i), tree_sum(message, first + half, ranks - half, i));
}

/// Of every rank's number i, in whatever order they are added.
void expect_exact(int ranks, std::size_t i) {
  const ExactMessage message(true, ranks);
  double exact = 0.0;
  for (int rank = 0; rank < ranks; ++rank) {
    EXPECT_GT(message.sent(rank, i), 0.0F);  // or a rank that is missed would not be
    exact += static_cast<double>(message.sent(rank, i));
  }
  EXPECT_EQ(static_cast<double>(message.sum(i)), exact);
  for (int first = 0; first < ranks; ++first) EXPECT_EQ(ring_sum(message, ranks, first, i), message.sum(i));
  EXPECT_EQ(tree_sum(message, 0, ranks, i), message.sum(i));
}

TEST(ExactMessage, SumsAreExactInBf16WhereEveryAdditionRounds) {
  std::vector<int> sizes{128, 170, 171, 172, 255, 256};
  for (int ranks = 2; ranks <= 64; ++ranks) sizes.push_back(ranks);
  for (const int ranks : sizes) {
    SCOPED_TRACE(ranks);
    for (std::size_t i = 0; i < kElements; ++i) expect_exact(ranks, i);
  }
}

TEST(ExactMessage, RanksOfASmallGroupAllDiffer) {
  for (int ranks = 2; ranks <= 22; ++ranks) {
    const ExactMessage message(true, ranks);
    std::set<float> numbers;
    for (int rank = 0; rank < ranks; ++rank) numbers.insert(message.sent(rank, 0));
    EXPECT_EQ(numbers.size(), static_cast<std::size_t>(ranks));
  }
}

TEST(ExactMessage, WhatIsOnlyPassedOnDiffersAmongAsManyRanksAsBf16HasNumbers) {
  const ExactMessage message(false, 256);
  std::set<float> numbers;
  for (int rank = 0; rank < 256; ++rank) {
    const float number = message.sent(rank, 3);
    EXPECT_EQ(static_cast<float>(BFloat16(number)), number);
    numbers.insert(number);
  }
  EXPECT_EQ(numbers.size(), 256U);
}

TEST(GroupSizes, ArePowersOfTwoAndTheWholeLaunch) {
  EXPECT_EQ(group_sizes(1), std::vector<int>{});
  EXPECT_EQ(group_sizes(2), (std::vector<int>{2}));
  EXPECT_EQ(group_sizes(3), (std::vector<int>{2, 3}));
  EXPECT_EQ(group_sizes(8), (std::vector<int>{2, 4, 8}));
  EXPECT_EQ(group_sizes(12), (std::vector<int>{2, 4, 8, 12}));
}

}  // namespace
}  // namespace tpscale
