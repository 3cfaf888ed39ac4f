#include "bench/statistics/stopping_rule.h"

#include <gtest/gtest.h>

#include <vector>

#include "bench/statistics/bootstrap.h"
#include "core/error.h"
#include "synthetic_noise.h"

namespace tpscale {
namespace {

TEST(StoppingRule, FixedStopsAtItsNumber) {
  const auto rule = make_stopping_rule(3, 0.0, 0.0);
  EXPECT_FALSE(rule->ended(std::vector<double>{1, 1}, 1e9));
  EXPECT_EQ(rule->ended(std::vector<double>{1, 1, 1}, 0.0), "fixed: 3 repetitions");
}

/// Repeats until the rule ends it; every repetition lasts as long as its time.
std::pair<std::size_t, std::string> repeat(const StoppingRule& rule, std::mt19937& random, double noise) {
  std::vector<double> times;
  double elapsed = 0.0;
  for (;;) {
    times.push_back(noisy_times(random, 1, 1.0, noise).front());
    elapsed += times.back();
    if (const auto why = rule.ended(times, elapsed)) return {times.size(), *why};
  }
}

TEST(StoppingRule, PrecisionStopsWhereTheIntervalIsNarrow) {
  std::mt19937 random(1);
  const auto rule = precision_or_time(0.01, 1e9);
  const auto [quiet, why] = repeat(*rule, random, 0.001);
  EXPECT_EQ(quiet, 8u);  // not before an interval can be asked
  EXPECT_EQ(why.rfind("precision: half width ", 0), 0u) << why;
  const auto [noisy, why_too] = repeat(*rule, random, 0.05);
  EXPECT_GT(noisy, 20u);
  EXPECT_LT(noisy, 500u);
  EXPECT_NE(why_too.find("after " + std::to_string(noisy) + " repetitions"), std::string::npos) << why_too;
}

TEST(StoppingRule, TimeStopsWhatIsTooNoisy) {
  std::mt19937 random(2);
  const auto [count, why] = repeat(*precision_or_time(0.0001, 12.0), random, 0.05);
  EXPECT_NEAR(static_cast<double>(count), 12.0, 1.5);
  EXPECT_EQ(why.rfind("time: 12 s were spent", 0), 0u) << why;
}

TEST(StoppingRule, TimeEndsAfterOneLongRepetition) {
  EXPECT_TRUE(precision_or_time(0.01, 1.0)->ended(std::vector<double>{5.0}, 5.0));
  EXPECT_FALSE(precision_or_time(0.01, 1.0)->ended({}, 5.0));
}

TEST(StoppingRule, RefusesSenselessNumbers) {
  EXPECT_THROW(make_stopping_rule(0, 0.0, 0.0), UsageError);
  EXPECT_THROW(make_stopping_rule(10, 0.02, 0.0), UsageError);
  EXPECT_THROW(make_stopping_rule(10, 2.0, 10.0), UsageError);
  EXPECT_THROW(make_stopping_rule(10, -0.1, 10.0), UsageError);
}

}  // namespace
}  // namespace tpscale
