// The measuring itself is measured: synthetic noise of known median goes in, and what the intervals say is
// counted.
#include "bench/statistics/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "bench/statistics/resampler.h"
#include "bench/statistics/sample_statistics.h"
#include "core/check.h"
#include "synthetic_noise.h"

namespace tpscale {
namespace {

constexpr std::size_t kRepetitions = 10;
constexpr double kNoise = 0.02;
constexpr std::uint32_t kResamples = 1000;  // enough to place the ends; a run takes 10,000

/// The share of `trials` seeds for which `holds`.
double share(int trials, const std::function<bool(std::mt19937&)>& holds) {
  std::mt19937 random(4711);
  int count = 0;
  for (int i = 0; i < trials; ++i) count += holds(random) ? 1 : 0;
  return static_cast<double>(count) / trials;
}

TEST(Resampler, MedianOfAResampleIsThatOfItsValues) {
  std::mt19937 random(1);
  for (const std::size_t size : {1u, 2u, 5u, 10u, 33u}) {
    const std::vector<double> values = noisy_times(random, size, 1.0, 0.3);
    const SortedValues sorted(values);
    Resampler resampler(size, 99);
    for (int i = 0; i < 50; ++i) {
      const auto counts = resampler.draw();
      std::vector<double> drawn;
      for (std::size_t place = 0; place < size; ++place)
        drawn.insert(drawn.end(), counts[place], values[place]);
      ASSERT_EQ(drawn.size(), size);
      EXPECT_DOUBLE_EQ(sorted.median_of(counts), median(drawn));
    }
  }
}

TEST(Resampler, DrawsEveryPlaceEquallyOften) {
  Resampler resampler(10, 5);
  std::vector<double> drawn(10);
  for (int i = 0; i < 20000; ++i) {
    const auto counts = resampler.draw();
    for (std::size_t place = 0; place < 10; ++place) drawn[place] += counts[place];
  }
  for (const double count : drawn) EXPECT_NEAR(count, 20000.0, 700.0);  // five standard deviations
}

TEST(Bootstrap, SameSeedSameInterval) {
  std::mt19937 random(2);
  const std::vector<double> times = noisy_times(random, kRepetitions, 1.0, kNoise);
  const Interval one = bootstrap_median(times, {1, 10000});
  const Interval again = bootstrap_median(times, {1, 10000});
  EXPECT_EQ(one.low, again.low);
  EXPECT_EQ(one.high, again.high);
  EXPECT_LT(one.low, one.value);
  EXPECT_GT(one.high, one.value);
  EXPECT_EQ(one.value, median(times));
}

TEST(Bootstrap, OneValueHasNoWidth) {
  const Interval interval = bootstrap_median(std::vector<double>{3.0});
  EXPECT_EQ(interval.low, 3.0);
  EXPECT_EQ(interval.high, 3.0);
}

TEST(Bootstrap, MedianIsCoveredAboutAsOftenAsSaid) {
  const double covered = share(1000, [](std::mt19937& random) {
    const Interval interval = bootstrap_median(noisy_times(random, 20, 1.0, kNoise), {random(), kResamples});
    return interval.low <= 1.0 && 1.0 <= interval.high;
  });
  EXPECT_GE(covered, 0.92);
  EXPECT_LE(covered, 0.98);
  RecordProperty("covered_percent", static_cast<int>(std::lround(covered * 100.0)));
}

TEST(Bootstrap, RatioIsCoveredAboutAsOftenAsSaid) {
  const double covered = share(1000, [](std::mt19937& random) {
    const Interval interval = bootstrap_ratio(noisy_times(random, 20, 4.0, kNoise),
                                              noisy_times(random, 20, 1.0, kNoise), {random(), kResamples});
    return interval.low <= 4.0 && 4.0 <= interval.high;
  });
  EXPECT_GE(covered, 0.92);
  EXPECT_LE(covered, 0.99);
}

TEST(Bootstrap, SameAgainstSameSeldomDiffers) {
  const double alarms = share(1000, [](std::mt19937& random) {
    const Interval interval =
        bootstrap_ratio(noisy_times(random, kRepetitions, 1.0, kNoise),
                        noisy_times(random, kRepetitions, 1.0, kNoise), {random(), kResamples});
    return interval.low > 1.0 || interval.high < 1.0;
  });
  EXPECT_LE(alarms, 0.05);
}

TEST(Bootstrap, FivePercentMoreIsFound) {
  const double found = share(1000, [](std::mt19937& random) {
    const Interval interval =
        bootstrap_ratio(noisy_times(random, kRepetitions, 1.05, kNoise),
                        noisy_times(random, kRepetitions, 1.0, kNoise), {random(), kResamples});
    return interval.low > 1.0;
  });
  EXPECT_GE(found, 0.95);
}

/// Pairs that share a slow drift of 20 %, far above the 2 % between their arms.
std::pair<std::vector<double>, std::vector<double>> drifting_pairs(std::mt19937& random, double ratio) {
  std::pair<std::vector<double>, std::vector<double>> pairs;
  for (std::size_t i = 0; i < kRepetitions; ++i) {
    const double drift = 1.0 + 0.2 * static_cast<double>(i) / kRepetitions;
    pairs.first.push_back(ratio * drift * noisy_times(random, 1, 1.0, 0.002).front());
    pairs.second.push_back(drift * noisy_times(random, 1, 1.0, 0.002).front());
  }
  return pairs;
}

TEST(Bootstrap, PairsSeeThroughTheDriftTheyShare) {
  const auto found = [](bool paired, double ratio) {
    return share(200, [&](std::mt19937& random) {
      const auto [one, two] = drifting_pairs(random, ratio);
      const BootstrapOptions options{random(), kResamples};
      const Interval interval =
          paired ? bootstrap_paired_ratio(one, two, options) : bootstrap_ratio(one, two, options);
      return interval.low > 1.0 || interval.high < 1.0;
    });
  };
  EXPECT_GE(found(true, 1.02), 0.95);
  EXPECT_LE(found(false, 1.02), 0.5);
  EXPECT_LE(found(true, 1.0), 0.06);
}

TEST(Bootstrap, LargeSetsAgreeWithTheirSmallerSelves) {
  std::mt19937 random(3);
  const std::vector<double> times = noisy_times(random, 2001, 1.0, 0.1);
  const Interval ranks = bootstrap_median(times);
  const Interval resampled = bootstrap_median(std::span(times).first(2000), {0, 2000});
  EXPECT_NE(ranks.method, resampled.method);
  EXPECT_NEAR(ranks.low, resampled.low, 0.002);  // the interval is about 0.011 wide
  EXPECT_NEAR(ranks.high, resampled.high, 0.002);
}

TEST(Bootstrap, SmallestDetectableDifferenceFallsWithRepetitionsAndIsFound) {
  std::mt19937 random(6);
  std::vector<double> few, many;
  for (int i = 0; i < 50; ++i) {
    few.push_back(
        smallest_detectable_difference(noisy_times(random, 5, 1.0, kNoise), {random(), kResamples}));
    many.push_back(
        smallest_detectable_difference(noisy_times(random, 40, 1.0, kNoise), {random(), kResamples}));
  }
  EXPECT_GT(median(few), 1.5 * median(many));
  const double smallest = median(many);
  const double found = share(400, [&](std::mt19937& noise) {
    const Interval interval = bootstrap_ratio(noisy_times(noise, 40, 1.0 + smallest, kNoise),
                                              noisy_times(noise, 40, 1.0, kNoise), {noise(), kResamples});
    return interval.low > 1.0;
  });
  EXPECT_GE(found, 0.7);  // it promises about 0.8
  EXPECT_LE(found, 0.92);
}

TEST(Bootstrap, RefusesWhatHasNoRatio) {
  const std::vector<double> one = {1.0, 2.0}, zero = {0.0, 0.0}, three = {1.0, 2.0, 3.0};
  EXPECT_THROW(bootstrap_ratio(one, zero), InternalError);
  EXPECT_THROW(bootstrap_paired_ratio(one, three), InternalError);
  EXPECT_THROW(bootstrap_median({}), InternalError);
}

}  // namespace
}  // namespace tpscale
