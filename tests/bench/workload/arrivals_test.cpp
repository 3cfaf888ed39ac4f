// Arrivals: the mean and the spread of the gaps are those asked for, and the bits are pinned.
#include "bench/workload/arrivals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "bench/workload/elementary.h"
#include "bench/workload/workload.h"
#include "core/error.h"

namespace tpscale {
namespace {

struct Gaps {
  double mean = 0.0;
  double variation = 0.0;  ///< standard deviation / mean
};

Gaps gaps_of(double rate, double burstiness, std::int64_t seed) {
  constexpr std::size_t kRequests = 40001;
  std::vector<Request> requests(kRequests);
  set_arrivals(requests, rate, burstiness, seed);
  EXPECT_EQ(requests.front().arrival_s, 0.0);
  double sum = 0.0, squares = 0.0;
  for (std::size_t i = 1; i < kRequests; ++i) {
    const double gap = requests[i].arrival_s - requests[i - 1].arrival_s;
    EXPECT_GE(gap, 0.0);
    sum += gap;
    squares += gap * gap;
  }
  const double n = kRequests - 1;
  return {sum / n, std::sqrt(squares / n - sum / n * sum / n) / (sum / n)};
}

class Arrivals : public testing::TestWithParam<double> {};
TEST_P(Arrivals, HaveTheirRateAndVariation) {
  const double burstiness = GetParam();
  const double variation = 1.0 / std::sqrt(burstiness);
  for (const double rate : {0.5, 40.0}) {
    const Gaps gaps = gaps_of(rate, burstiness, 7);
    // Four standard errors of the mean of 40,000 gaps; more for the heavier tails of a second moment.
    EXPECT_NEAR(gaps.mean * rate, 1.0, 4.0 * variation / 200.0);
    EXPECT_NEAR(gaps.variation, variation, 0.08 * variation);
  }
}
INSTANTIATE_TEST_SUITE_P(Each, Arrivals, testing::Values(0.25, 0.5, 1.0, 2.0, 10.0, 100.0));

TEST(Arrivals, PoissonGapsFallOffExponentially) {
  constexpr std::size_t kRequests = 40001;
  std::vector<Request> requests(kRequests);
  set_arrivals(requests, 1.0, 1.0, 3);
  for (const double longer_than : {0.5, 1.0, 3.0}) {
    double longer = 0.0;
    for (std::size_t i = 1; i < kRequests; ++i)
      longer += requests[i].arrival_s - requests[i - 1].arrival_s > longer_than ? 1.0 : 0.0;
    const double p = std::exp(-longer_than);
    EXPECT_NEAR(longer / (kRequests - 1), p, 4.0 * std::sqrt(p * (1.0 - p) / kRequests));
  }
}

TEST(Arrivals, AreAFunctionOfTheSeedAndTheRequest) {
  std::vector<Request> few(5), many(50), other(5);
  set_arrivals(few, 2.0, 0.5, 1);
  set_arrivals(many, 2.0, 0.5, 1);
  set_arrivals(other, 2.0, 0.5, 2);
  for (std::size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i].arrival_s, many[i].arrival_s);
  EXPECT_NE(few[1].arrival_s, other[1].arrival_s);
  set_arrivals(other, 4.0, 0.5, 1);
  EXPECT_NEAR(other[4].arrival_s * 2.0, few[4].arrival_s, 1e-8);  // nothing but the rate differs
}

// Ours, with the tokens of the fixed workload: the same on every machine, compiler and C library.
TEST(Arrivals, HaveTheirBitsPinned) {
  WorkloadOptions options;
  options.num_sequences = 200;
  options.input_tokens = options.output_tokens = 1;
  options.request_rate = 8.0;
  for (const auto& [burstiness, last, hash] : std::initializer_list<std::tuple<double, double, const char*>>{
           {1.0, 23.691753776, "1a33b2e84f7554d9"},
           {0.5, 25.391737137, "7e8ea1ac36e13457"},
           {4.0, 25.215856563, "30723d431fd546d3"}}) {
    options.burstiness = burstiness;
    const Workload workload = make_workload(options, 1000);
    EXPECT_EQ(workload.requests.back().arrival_s, last);
    EXPECT_EQ(workload.hash, hash);
  }
}

TEST(Elementary, FollowsTheCLibrary) {
  for (double x = 1e-17; x < 1e17; x *= 1.37) {
    EXPECT_NEAR(portable_log(x), std::log(x), 1e-15 * std::max(1.0, std::abs(std::log(x)))) << x;
  }
  for (double x = -600.0; x < 600.0; x += 0.371) EXPECT_NEAR(portable_exp(x) / std::exp(x), 1.0, 1e-14) << x;
  EXPECT_EQ(portable_log(1.0), 0.0);
  EXPECT_EQ(portable_exp(0.0), 1.0);
}

WorkloadOptions with_rate(double rate, double burstiness) {
  WorkloadOptions options;
  options.num_sequences = 4;
  options.request_rate = rate;
  options.burstiness = burstiness;
  return options;
}

TEST(Arrivals, GoOnAnyWorkloadAndItsHash) {
  WorkloadOptions options = with_rate(3.0, 1.0);
  for (const char* name : {"fixed", "random-lengths", "nano-vllm", "shared-prefix", "mixed-texts"}) {
    options.workload = name;
    options.request_rate = 3.0;
    const Workload arriving = make_workload(options, 32000);
    EXPECT_GT(arriving.requests.back().arrival_s, 0.0) << name;
    options.request_rate = 0.0;
    const Workload at_once = make_workload(options, 32000);
    EXPECT_EQ(at_once.requests.back().arrival_s, 0.0) << name;
    EXPECT_EQ(at_once.requests.back().prompt, arriving.requests.back().prompt) << name;
    EXPECT_NE(at_once.hash, arriving.hash) << name;
  }
}

TEST(Arrivals, RefuseWhatIsNoRate) {
  const double nan = std::nan("");
  for (const auto& [rate, burstiness] : std::initializer_list<std::pair<double, double>>{{-1.0, 1.0},
                                                                                         {nan, 1.0},
                                                                                         {1e-9, 1.0},
                                                                                         {1e9, 1.0},
                                                                                         {1.0, 0.0},
                                                                                         {1.0, -2.0},
                                                                                         {1.0, nan},
                                                                                         {0.0, 2.0}}) {
    EXPECT_THROW(make_workload(with_rate(rate, burstiness), 256), UsageError) << rate << " " << burstiness;
  }
}

}  // namespace
}  // namespace tpscale
