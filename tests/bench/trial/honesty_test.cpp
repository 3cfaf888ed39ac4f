// RELIABILITY's "honest comparison": of 100 comparisons of an arm with itself at most 5 say that it differs,
// and 5 % more is found in at least 95, at 2 % noise with 10 repetitions. On noise that is drawn, not
// measured.
#include "bench/trial/honesty.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "bench/statistics/bootstrap.h"
#include "support/figures.h"

namespace tpscale {
namespace {

class Noise {
 public:
  explicit Noise(std::uint64_t seed) : draw_(seed) {}
  std::vector<double> seconds(double mean, std::size_t count) {
    std::normal_distribution<double> noise(mean, 0.02 * mean);
    std::vector<double> values(count);
    for (double& value : values) value = noise(draw_);
    return values;
  }

 private:
  std::mt19937_64 draw_;
};

constexpr int kComparisons = 400;
constexpr std::size_t kRepetitions = 10;

TEST(HonestComparison, OneInTwentyAlarmsAndFivePerCentIsFound) {
  const test::Figure false_alarms("honest comparison", "A/A"), delays("honest comparison", "+5 %");
  Noise noise(11);
  int alarms = 0, found = 0;
  for (int i = 0; i < kComparisons; ++i) {
    const auto base = noise.seconds(1.0, kRepetitions);
    const BootstrapOptions options{.seed = static_cast<std::uint64_t>(i), .resamples = 1000};
    const Interval same = bootstrap_paired_ratio(noise.seconds(1.0, kRepetitions), base, options);
    const Interval slower = bootstrap_paired_ratio(noise.seconds(1.05, kRepetitions), base, options);
    alarms += same.low > 1.0 || same.high < 1.0 ? 1 : 0;
    found += slower.low > 1.0 ? 1 : 0;
  }
  EXPECT_LE(alarms, kComparisons * 5 / 100);
  EXPECT_GE(found, kComparisons * 95 / 100);
  const std::string of = " of " + std::to_string(kComparisons);
  false_alarms.reached(std::to_string(alarms) + of + " false alarms");
  delays.reached(std::to_string(found) + of + " found");
}

TEST(ResampledHonesty, FindsADelayInWhatItWasGiven) {
  Noise noise(5);
  const auto base = noise.seconds(1.0, kRepetitions);
  std::vector<double> slowed;
  for (const double value : base) slowed.push_back(1.05 * value);
  const Honesty honesty = resampled_honesty(base, noise.seconds(1.0, kRepetitions), slowed, 100, 1);
  EXPECT_EQ(honesty.comparisons, 100);
  EXPECT_EQ(honesty.detections, 1.0) << "pairs share their noise";
  EXPECT_LE(honesty.alarms, 0.15);
}

TEST(ResampledHonesty, AnArmThatIsAlwaysFasterAlarms) {
  // Every pair differs by 10 %, but which of the two is slower is a coin's toss: it must look like noise.
  const std::vector<double> first(10, 1.0), again(10, 1.1);
  EXPECT_LE(resampled_honesty(first, again, again, 200, 3).alarms, 0.2);
  EXPECT_EQ(resampled_honesty(first, first, again, 50, 3).detections, 1.0);
  EXPECT_EQ(resampled_honesty(first, first, first, 50, 3).detections, 0.0);
}

TEST(ResampledHonesty, IsAFunctionOfItsSeed) {
  Noise noise(6);
  const auto a = noise.seconds(1.0, 8), b = noise.seconds(1.0, 8), c = noise.seconds(1.02, 8);
  const Honesty once = resampled_honesty(a, b, c, 60, 9), again = resampled_honesty(a, b, c, 60, 9);
  EXPECT_EQ(once.alarms, again.alarms);
  EXPECT_EQ(once.detections, again.detections);
}

}  // namespace
}  // namespace tpscale
