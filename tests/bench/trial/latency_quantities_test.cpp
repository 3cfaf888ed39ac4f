// Latencies of made-up runs, whose every percentile is worked out by hand.
#include "bench/trial/latency_quantities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "bench/trial/request_times.h"
#include "core/error.h"

namespace tpscale {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

RequestResult request(double arrival, double prefill_start, std::vector<double> times) {
  RequestResult result;
  result.arrival_s = arrival;
  result.prefill_start_s = prefill_start;
  result.token_times_s = std::move(times);
  return result;
}

/// TTFT 3, 1, 4 s; queue 1, 0, 3; prefill 2, 1, 1; TPOT 2, none, 0.5; gaps 1, 3, 0.5, 0.5.
RunResult three_requests() {
  RunResult run;
  run.requests = {request(1.0, 2.0, {4.0, 5.0, 8.0}), request(2.0, 2.0, {3.0}),
                  request(0.0, 3.0, {4.0, 4.5, 5.0})};
  run.requests[0].cached_prompt_tokens = 16;
  run.wall_seconds = 8.0;
  return run;
}

double value(const std::vector<Quantity>& quantities, const std::string& name, const RunResult& run) {
  for (const Quantity& quantity : quantities) {
    if (quantity.name == name) return quantity.of(run);
  }
  throw std::out_of_range(name);
}

TEST(LatencyQuantities, AreThoseOfTheRequests) {
  const auto quantities = latency_quantities();
  const RunResult run = three_requests();
  EXPECT_DOUBLE_EQ(value(quantities, "ttft_p50_seconds", run), 3.0);
  EXPECT_DOUBLE_EQ(value(quantities, "ttft_p90_seconds", run), 3.8);  // 3 + 0.8 x (4 - 3)
  EXPECT_DOUBLE_EQ(value(quantities, "ttft_queue_mean_seconds", run), 4.0 / 3.0);
  EXPECT_DOUBLE_EQ(value(quantities, "ttft_queue_p50_seconds", run), 1.0);
  EXPECT_DOUBLE_EQ(value(quantities, "ttft_prefill_mean_seconds", run), 4.0 / 3.0);
  EXPECT_DOUBLE_EQ(value(quantities, "tpot_p50_seconds", run), 1.25);
  EXPECT_DOUBLE_EQ(value(quantities, "itl_mean_seconds", run), 1.25);
  EXPECT_DOUBLE_EQ(value(quantities, "itl_p50_seconds", run), 0.75);
  EXPECT_DOUBLE_EQ(value(quantities, "itl_p99_seconds", run), 1.0 + 0.97 * 2.0);
}

TEST(LatencyQuantities, AreNoneWhereARunHasNone) {
  RunResult run;
  run.requests = {request(0.0, 0.0, {1.0})};
  run.wall_seconds = 1.0;
  EXPECT_TRUE(std::isnan(value(latency_quantities(), "tpot_p50_seconds", run)));
  EXPECT_TRUE(std::isnan(value(latency_quantities(), "itl_p99_seconds", run)));
  EXPECT_DOUBLE_EQ(value(latency_quantities(), "ttft_p99_seconds", run), 1.0);
}

TEST(LatencyQuantities, TellHitsFromMisses) {
  const auto is_hit = [](const RequestResult& one) { return one.cached_prompt_tokens > 0; };
  const auto hits = ttft_quantities("hits", is_hit);
  EXPECT_DOUBLE_EQ(value(hits, "ttft_hits_mean_seconds", three_requests()), 3.0);
  const auto misses = ttft_quantities("misses", [&](const RequestResult& one) { return !is_hit(one); });
  EXPECT_DOUBLE_EQ(value(misses, "ttft_misses_mean_seconds", three_requests()), 2.5);
  RunResult cold = three_requests();
  cold.requests[0].cached_prompt_tokens = 0;
  EXPECT_TRUE(std::isnan(value(hits, "ttft_hits_p50_seconds", cold)));
}

TEST(Goodput, CountsRequestsWithinEveryLimit) {
  const RunResult run = three_requests();
  const auto goodput = [&](const char* slo) {
    return value(latency_quantities(parse_slo(slo)), "goodput", run) * run.wall_seconds;
  };
  EXPECT_DOUBLE_EQ(goodput("ttft=3s"), 2.0);
  EXPECT_DOUBLE_EQ(goodput("ttft=2999ms"), 1.0);
  EXPECT_DOUBLE_EQ(goodput("tpot=500ms"), 2.0);  // one token has no TPOT to exceed
  EXPECT_DOUBLE_EQ(goodput("ttft=4s,tpot=1s"), 2.0);
  EXPECT_DOUBLE_EQ(goodput("e2e=1000000us"), 1.0);
  EXPECT_DOUBLE_EQ(goodput("ttft=1ms"), 0.0);
  EXPECT_THROW(value(latency_quantities(), "goodput", run), std::out_of_range);
}

TEST(SloText, IsReadStrictly) {
  const Slo slo = parse_slo("tpot=30ms,ttft=0.2s");
  EXPECT_DOUBLE_EQ(*slo.ttft_s, 0.2);
  EXPECT_DOUBLE_EQ(*slo.tpot_s, 0.03);
  EXPECT_FALSE(slo.e2e_s);
  EXPECT_EQ(slo.text(), "ttft <= 0.200 s, tpot <= 0.0300 s");
  EXPECT_FALSE(parse_slo("").stated());
  for (const char* text :
       {"ttft",      "ttft=",     "ttft=200",        "ttft=ms",  "ttft=-1s", "ttft=0s",
        "ttft=nans", "ttft=infs", "ttft=1e999s",     "ttft=1 s", "ttft= 1s", "ttft=1sec",
        "ttft=1s,",  ",ttft=1s",  "ttft=1s,ttft=2s", "itl=1s",   "TTFT=1s",  "ttft=1s;tpot=1s",
        "=1s",       "ttft==1s",  "ttft=0x1s"}) {
    try {
      parse_slo(text);
      ADD_FAILURE() << text;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("ttft=200ms,tpot=30ms"));
    }
  }
}

TEST(RawTimes, HoldEveryRequestOfEveryRun) {
  const std::vector<RequestTimes> run = request_times(three_requests().requests);
  const std::vector<std::vector<RequestTimes>> runs{run, run};
  const auto arrays = raw_times(runs, "on");
  ASSERT_EQ(arrays.size(), 5u);
  EXPECT_EQ(arrays[0].name, "ttft_ns_on");
  EXPECT_EQ(arrays[0].rows, 2);
  EXPECT_EQ(arrays[0].values, (std::vector<std::int64_t>{3000000000, 1000000000, 4000000000, 3000000000,
                                                         1000000000, 4000000000}));
  EXPECT_EQ(arrays[3].name, "tpot_ns_on");
  EXPECT_EQ(arrays[3].values[1], -1);
  EXPECT_EQ(arrays[4].name, "itl_ns_on");
  EXPECT_EQ(arrays[4].cols, 4);
  EXPECT_EQ(arrays[4].values.size(), 8u);
}

TEST(RawTimes, OfVeryManyGapsAreThoseOfTheLastRun) {
  RequestTimes request;
  request.itl_s.assign(kMostGaps / 2 + 1, 0.5);
  const std::vector<std::vector<RequestTimes>> runs{{request}, {request}};
  const IntegerArray gaps = raw_times(runs, "").back();
  EXPECT_EQ(gaps.name, "itl_ns");
  EXPECT_EQ(gaps.rows, 1);
  EXPECT_EQ(gaps.values.size(), request.itl_s.size());
}

/// One warm-up and three repetitions of a run, on two ranks of which rank 1 saw twice the times.
PointFacts facts_of(const RunResult& run, const Slo& slo) {
  PointFacts facts;
  facts.degree = 2;
  facts.timed.last = run;
  for (int i = 0; i < 4; ++i) facts.timed.request_times.push_back(request_times(run.requests));
  for (const Quantity& quantity : latency_quantities(slo)) {
    Samples samples = rank_samples(quantity.name, quantity.unit, "steady_clock", "timed", 2);
    samples.warm_ups = 1;
    samples.marks.assign(4, "");
    samples.rows.assign(4, {quantity.of(run), 2.0 * quantity.of(run)});
    facts.timed.samples.push_back(std::move(samples));
  }
  return facts;
}

const Metric& metric(const Point& point, const std::string& name) {
  for (const Metric& one : point.results) {
    if (one.name == name) return one;
  }
  throw std::out_of_range(name);
}

TEST(LatencyFigures, AreRankZerosAndMarked) {
  Point point;
  add_latency_figures(point, facts_of(three_requests(), parse_slo("ttft=3s")), parse_slo("ttft=3s"));
  const Metric& p99 = metric(point, "ttft_p99_seconds");
  EXPECT_DOUBLE_EQ(p99.value, 3.98);
  EXPECT_THAT(p99.how_obtained, HasSubstr("99th percentile of 3 values a repetition"));
  EXPECT_THAT(p99.marks, Contains("few samples"));
  EXPECT_THAT(metric(point, "ttft_p90_seconds").marks, Not(Contains("few samples")));
  EXPECT_DOUBLE_EQ(metric(point, "goodput").value, 0.25);
  EXPECT_EQ(point.arrays.size(), 5u);
}

TEST(LatencyFigures, OfManySamplesHaveNoMark) {
  RunResult run;
  std::vector<double> times(300);
  for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<double>(i + 1);
  run.requests = {request(0.0, 0.0, times)};
  run.wall_seconds = 300.0;
  Point point;
  add_latency_figures(point, facts_of(run, {}));
  EXPECT_THAT(metric(point, "itl_p99_seconds").marks, Not(Contains("few samples")));  // 299 gaps
}

TEST(LatencyFigures, AreAbsentWithAReasonAndNeverZero) {
  RunResult run;
  run.requests = {request(0.0, 0.0, {1.0})};
  run.wall_seconds = 1.0;
  Point point;
  add_latency_figures(point, facts_of(run, {}));
  EXPECT_THROW(metric(point, "tpot_p50_seconds"), std::out_of_range);
  EXPECT_THAT(point.absent,
              Contains(testing::AllOf(testing::Field(&Absent::name, "tpot_p50_seconds"),
                                      testing::Field(&Absent::reason, HasSubstr("two or more")))));
  EXPECT_THAT(point.absent, Contains(testing::AllOf(testing::Field(&Absent::name, "goodput"),
                                                    testing::Field(&Absent::reason, HasSubstr("--slo")))));
}

}  // namespace
}  // namespace tpscale
