#include "bench/statistics/sample_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bench/statistics/marks.h"
#include "bench/statistics/summary.h"
#include "core/check.h"

namespace tpscale {
namespace {

TEST(Percentile, IsNumPysLinearInterpolation) {
  const std::vector<double> values = {15, 20, 35, 40,
                                      50};  // numpy.percentile(values, [0, 5, 30, 40, 50, 99, 100])
  EXPECT_DOUBLE_EQ(percentile(values, 0), 15.0);
  EXPECT_DOUBLE_EQ(percentile(values, 5), 16.0);
  EXPECT_DOUBLE_EQ(percentile(values, 30), 23.0);
  EXPECT_DOUBLE_EQ(percentile(values, 40), 29.0);
  EXPECT_DOUBLE_EQ(percentile(values, 50), 35.0);
  EXPECT_DOUBLE_EQ(percentile(values, 99), 49.6);
  EXPECT_DOUBLE_EQ(percentile(values, 100), 50.0);
  const std::vector<double> unsorted = {50, 15, 40, 20};
  EXPECT_DOUBLE_EQ(median(unsorted), 30.0);
  EXPECT_DOUBLE_EQ(median(std::vector<double>{7.0}), 7.0);
}

TEST(Percentile, OfNothingIsABug) {
  EXPECT_THROW(percentile({}, 50), InternalError);
  EXPECT_THROW(percentile(std::vector<double>{1.0}, 101), InternalError);
}

TEST(Spread, IsTheRangeOverTheMedian) {
  EXPECT_DOUBLE_EQ(spread(std::vector<double>{1.9, 2.0, 2.3}), 0.2);
  EXPECT_EQ(spread(std::vector<double>{0.0, 0.0}), 0.0);
}

TEST(RepetitionTimes, AreMaximaOverRanksWithoutWarmUps) {
  const std::vector<std::vector<double>> rows = {{9, 9}, {1, 2}, {4, 3}};
  EXPECT_EQ(repetition_times(rows, 1), (std::vector<double>{2, 4}));
  EXPECT_EQ(repetition_times(rows, 0), (std::vector<double>{9, 2, 4}));
}

TEST(Marks, AreThoseOfTheLimits) {
  using Marks = std::vector<std::string>;
  EXPECT_EQ(repetition_marks(std::vector<double>(8, 1.0)), Marks{});
  EXPECT_EQ(repetition_marks(std::vector<double>(7, 1.0)), Marks{"few repetitions"});
  std::vector<double> wide(8, 1.0);
  wide[3] = 1.11;
  EXPECT_EQ(repetition_marks(wide), Marks{"unstable"});
  wide[3] = 1.09;
  EXPECT_EQ(repetition_marks(wide), Marks{});
  EXPECT_EQ(percentile_marks(298, 99), Marks{"few samples"});
  EXPECT_EQ(percentile_marks(299, 99), Marks{});
  EXPECT_EQ(percentile_marks(10, 95), Marks{});
}

TEST(Summary, FillsAMetricThatTheStoreTakes) {
  const std::vector<double> times = {2.0, 2.1, 2.2};
  const Metric metric = summarize("prefill_seconds", "s", times);
  EXPECT_DOUBLE_EQ(metric.value, 2.1);
  EXPECT_LE(metric.low, metric.value);
  EXPECT_GE(metric.high, metric.value);
  EXPECT_EQ(metric.samples, 3);
  EXPECT_NE(metric.method.find("10000 resamples"), std::string::npos);
  EXPECT_NE(metric.how_obtained.find("median of 3 repetitions"), std::string::npos);
  EXPECT_EQ(metric.marks, std::vector<std::string>{"few repetitions"});
}

}  // namespace
}  // namespace tpscale
