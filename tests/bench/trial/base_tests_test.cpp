// The base tests on the preset `tiny`: what they store is consistent, whatever the machine's speed.
#include <gmock/gmock.h>

#include <cmath>

#include "bench/statistics/counted_repetitions.h"
#include "bench/statistics/sample_statistics.h"
#include "bench/trial/memory_stages.h"
#include "tests/bench/trial/tiny_launch.h"

namespace tpscale {
namespace {

using testing::HasSubstr;

const IntegerArray& array(const Point& point, const std::string& name) {
  const auto found = std::ranges::find(point.arrays, name, &IntegerArray::name);
  if (found == point.arrays.end()) throw std::out_of_range(name);
  return *found;
}

class BaseTests : public TinyLaunch {
 protected:
  Point only_point(const std::string& experiment) {
    ExperimentReport report = run(experiment);
    EXPECT_EQ(report.points.size(), 1u);
    table_ = report.table;
    return report.points.front();
  }
  std::string table_;
};

TEST_F(BaseTests, LatencyStoresEveryTimeOfEveryRequest) {
  options_.run.slo = "ttft=100s";
  const Point point = only_point("latency");
  const IntegerArray& ttft = array(point, "ttft_ns");
  const IntegerArray& queue = array(point, "ttft_queue_ns");
  const IntegerArray& prefill = array(point, "ttft_prefill_ns");
  const IntegerArray& gaps = array(point, "itl_ns");
  ASSERT_EQ(ttft.rows, 3);  // the warm-up and 2 repetitions
  ASSERT_EQ(ttft.cols, 2);
  ASSERT_EQ(gaps.cols, 2 * 5);
  for (std::size_t i = 0; i < ttft.values.size(); ++i)
    EXPECT_NEAR(static_cast<double>(ttft.values[i]), static_cast<double>(queue.values[i] + prefill.values[i]),
                2.0);
  const Samples& p99 = samples(point, "itl_p99_seconds");
  const Samples& total = samples(point, "total_latency_seconds");
  for (std::size_t row = 0; row < 3; ++row) {
    const auto first = gaps.values.begin() + static_cast<std::ptrdiff_t>(row * 10);
    std::vector<double> seconds;
    double sum = 0.0;
    for (std::size_t i = 0; i < 10; ++i) {
      seconds.push_back(static_cast<double>(first[static_cast<std::ptrdiff_t>(i)]) / 1e9);
      sum += seconds.back();
    }
    EXPECT_NEAR(p99.rows[row][0], percentile(seconds, 99.0), 2e-9);
    const double both = static_cast<double>(ttft.values[2 * row] + ttft.values[2 * row + 1]) / 1e9;
    EXPECT_NEAR(total.rows[row][0], (both + sum) / 2.0, 1e-7);
  }
  EXPECT_EQ(samples(point, "goodput").unit, "1/s");
}

TEST_F(BaseTests, LatencyOfOneTokenHasNoTimeBetweenTokens) {
  options_.workload.output_tokens = 1;
  const Point point = only_point("latency");
  EXPECT_THROW(samples(point, "tpot_p50_seconds"), std::out_of_range);
  EXPECT_THROW(samples(point, "generation_speed"), std::out_of_range);
  EXPECT_THROW(metric(point, "generation_speed"), std::out_of_range);
  EXPECT_THAT(point.absent, testing::Contains(testing::Field(&Absent::name, "generation_speed")));
}

TEST_F(BaseTests, LimitsThatAreNoneAreRefusedBeforeAnythingIsMeasured) {
  options_.run.slo = "ttft=fast";
  EXPECT_THROW(run("latency"), Error);
}

TEST_F(BaseTests, LimitsNameAPoint) {
  options_.run.dry_run = true;
  std::vector<std::string> ids;
  for (const char* slo : {"", "ttft=1s", "ttft=1000ms", "ttft=2s"}) {
    options_.run.slo = slo;
    ids.push_back(point_id(only_point("latency")));
  }
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_EQ(ids[1], ids[2]);
  EXPECT_NE(ids[1], ids[3]);
}

TEST_F(BaseTests, ThroughputsAreTokensOverSeconds) {
  const Point point = only_point("throughput");
  EXPECT_THAT(table_, HasSubstr("requests 2, input tokens 48, output tokens 12"));
  if (!std::ranges::all_of(point.verdicts, &Verdict::passed))
    GTEST_SKIP() << "a busy machine: no figures to compare";
  std::vector<double> rates;
  for (const double wall : counted_seconds(samples(point, "wall_seconds"))) rates.push_back(12.0 / wall);
  EXPECT_DOUBLE_EQ(metric(point, "output_throughput").value, median(rates));
  EXPECT_NEAR(metric(point, "total_throughput").value / metric(point, "output_throughput").value, 5.0, 1e-9);
}

TEST_F(BaseTests, MemoryIsWhatTheShapeSays) {
  const Point point = only_point("memory");
  const Verdict& sizes = verdict(point, "weights and KV pool have their predicted sizes");
  EXPECT_TRUE(sizes.passed) << sizes.sentence;
  const Verdict& peak = verdict(point, "peak memory is plausible");
  EXPECT_TRUE(peak.passed) << peak.sentence;
  // 4 layers, 8 KV heads of 16, keys and values; 2 sequences of 24 + 5 stored tokens in blocks of 16.
  const double bytes_a_slot = 2.0 * 4 * 8 * 16 * 2;
  EXPECT_EQ(samples(point, "memory_kv_cache").rows[0][0], bytes_a_slot * 2 * 2 * 16);
  const double before = samples(point, "memory_before_model").rows[0][0];
  const double weights = samples(point, "memory_after_weights").rows[0][0];
  const double pool = samples(point, "memory_after_kv_cache").rows[0][0];
  EXPECT_LT(before, weights);
  EXPECT_EQ(pool - weights, bytes_a_slot * 2 * 2 * 16);
}

/// Facts of one rank: 100 B of weights, 50 of KV, 20 of activations.
PointFacts memory_facts() {
  PointFacts facts;
  const auto add = [&](const std::string& name, double bytes) {
    Samples& one = facts.memory.emplace_back(rank_samples(name, "B", "none", "memory", 1));
    one.rows = {{bytes}};
  };
  for (const auto& [name, bytes] : std::initializer_list<std::pair<const char*, double>>{
           {"memory_weights", 100.0}, {"memory_kv_cache", 50.0}, {"memory_activations", 20.0}}) {
    add(name, bytes);
    add(std::string(name) + "_predicted", bytes);
  }
  add("memory_weights_rounding", 8.0);
  add("memory_other", 5.0);
  add("memory_peak", 180.0);
  const double stages[] = {3.0, 103.0, 153.0};
  const char* const names[] = {"memory_before_model", "memory_after_weights", "memory_after_kv_cache"};
  for (std::size_t i = 0; i < 3; ++i) {
    add(names[i], stages[i]);
    add(std::string(names[i]) + "_other", 3.0);
    add(std::string(names[i]) + "_view", 1000.0);
  }
  return facts;
}

double& bytes_of(PointFacts& facts, const std::string& name) {
  return std::ranges::find(facts.memory, name, &Samples::name)->rows[0][0];
}

TEST(MemorySizes, AreHeldAgainstThePrediction) {
  EXPECT_TRUE(judge_memory_sizes(memory_facts()).passed);
  for (const auto& [name, by] :
       std::initializer_list<std::pair<const char*, double>>{{"memory_weights", 9.0},
                                                             {"memory_weights", -1.0},
                                                             {"memory_kv_cache", 1.0},
                                                             {"memory_kv_cache", -1.0},
                                                             {"memory_after_weights", -1.0},
                                                             {"memory_after_kv_cache", 1.0},
                                                             {"memory_after_kv_cache", -1.0}}) {
    PointFacts facts = memory_facts();
    bytes_of(facts, name) += by;
    const Verdict verdict = judge_memory_sizes(facts);
    EXPECT_FALSE(verdict.passed) << name << " " << by;
    EXPECT_THAT(verdict.sentence, HasSubstr("on rank 0 instead of"));
  }
}

TEST(MemorySizes, OfWeightsMayBeRoundedUpToPanels) {
  PointFacts facts = memory_facts();
  for (const char* name : {"memory_weights", "memory_after_weights", "memory_after_kv_cache"})
    bytes_of(facts, name) += 8.0;
  const Verdict verdict = judge_memory_sizes(facts);
  EXPECT_TRUE(verdict.passed);
  EXPECT_THAT(verdict.sentence, HasSubstr("8 B above"));
}

TEST(MemoryPeak, IsAtLeastWhatIsHeldAndLittleMore) {
  PointFacts facts = memory_facts();
  EXPECT_TRUE(judge_memory_peak(facts).passed);
  for (const double peak : {0.0, 174.0, 210.0}) {
    bytes_of(facts, "memory_peak") = peak;
    EXPECT_FALSE(judge_memory_peak(facts).passed) << peak;
  }
}

TEST(MemoryStages, AreFiguresBesideThePrediction) {
  PointFacts facts = memory_facts();
  bytes_of(facts, "memory_activations") = 25.0;
  Point point;
  add_memory_stage_figures(point, facts);
  const auto value = [&](const std::string& name) {
    return std::ranges::find(point.results, name, &Metric::name)->value;
  };
  EXPECT_EQ(value("memory_after_kv_cache"), 153.0);
  EXPECT_EQ(value("memory_activations_predicted"), 20.0);
  EXPECT_NEAR(value("memory_activations_difference"), 25.0, 1e-9);
  EXPECT_EQ(value("memory_weights_difference"), 0.0);
}

}  // namespace
}  // namespace tpscale
