#include "bench/trial/plausibility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "bench/trial/figures.h"

namespace tpscale {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;

/// Two ranks, one warm-up and three repetitions of 10 s: prefill 2, decode 7.95, scheduling 0.04.
PointFacts sound_facts() {
  PointFacts facts;
  facts.degree = 2;
  facts.input_tokens = 100;
  for (const auto& [name, seconds] :
       std::initializer_list<std::pair<const char*, double>>{{"wall_seconds", 10.0},
                                                             {"prefill_seconds", 2.0},
                                                             {"decode_seconds", 7.95},
                                                             {"schedule_seconds", 0.04},
                                                             {"ttft_mean_seconds", 1.0},
                                                             {"tpot_mean_seconds", 0.1}}) {
    Samples samples = rank_samples(name, "s", "steady_clock", "timed", 2);
    samples.warm_ups = 1;
    samples.rows = {{99.0, 99.0}, {seconds, seconds}, {seconds, seconds}, {seconds, seconds}};
    samples.marks.assign(4, "");
    facts.timed.samples.push_back(samples);
  }
  for (const char* name : {"weights", "kv_cache", "activations", "other", "peak", "communication",
                           "device_view", "unaccounted"}) {
    Samples samples = rank_samples("memory_" + std::string(name), "B", "none", "memory", 2);
    samples.rows = {{1000.0, 2000.0}};
    facts.memory.push_back(samples);
  }
  facts.cost.prefill_flops = {100.0, 100.0};
  facts.cost.decode_bytes = {795.0, 795.0};
  facts.cost.prefill_tokens = 100;
  facts.cost.decode_tokens = 159;
  facts.cost.output_tokens = 160;
  facts.peaks.read_bandwidth = {200.0, 200.0};
  facts.peaks.gemm_rate = {100.0, 100.0};
  facts.peaks.multiply_add_peak = {125.0, 125.0};
  return facts;
}

Samples& timed(PointFacts& facts, std::string_view name) {
  for (Samples& samples : facts.timed.samples) {
    if (samples.name == name) return samples;
  }
  throw std::out_of_range("no such samples");
}

const Metric& metric(const Point& point, std::string_view name) {
  for (const Metric& one : point.results) {
    if (one.name == name) return one;
  }
  throw std::out_of_range(std::string(name) + " is not among the results");
}

TEST(Phases, AddUpWithinOnePercent) {
  PointFacts facts = sound_facts();
  EXPECT_TRUE(judge_phases(facts).passed);
  for (auto& row : timed(facts, "decode_seconds").rows) row[1] = 7.8;  // one rank alone
  EXPECT_FALSE(judge_phases(facts).passed);
}

TEST(Phases, AreJudgedByTheMedianRepetition) {
  PointFacts facts = sound_facts();
  timed(facts, "decode_seconds").rows[1] = {5.0, 5.0};  // one repetition of three
  EXPECT_TRUE(judge_phases(facts).passed);
}

/// Seconds in which others had the core lie between steps; a wrong sum is in every repetition.
TEST(Phases, AreJudgedByTheLeastDisturbedWhereAllAreTainted) {
  PointFacts facts = sound_facts();
  for (Samples& samples : facts.timed.samples) samples.marks.assign(4, "tainted: others had the core");
  timed(facts, "decode_seconds").rows = {{5.0, 5.0}, {5.0, 5.0}, {7.95, 7.95}, {5.0, 5.0}};
  EXPECT_TRUE(judge_phases(facts).passed);
  timed(facts, "decode_seconds").rows[2] = {7.95, 7.8};
  EXPECT_FALSE(judge_phases(facts).passed);
}

TEST(Phases, AreJudgedByTheRepetitionsThatAreNotTainted) {
  PointFacts facts = sound_facts();
  for (Samples& samples : facts.timed.samples) samples.marks = {"", "", "tainted: others", "tainted: others"};
  timed(facts, "decode_seconds").rows = {{9.0, 9.0}, {7.95, 7.95}, {5.0, 5.0}, {5.0, 5.0}};
  EXPECT_TRUE(judge_phases(facts).passed);
  timed(facts, "decode_seconds").rows = {{9.0, 9.0}, {5.0, 5.0}, {7.95, 7.95}, {7.95, 7.95}};
  EXPECT_FALSE(judge_phases(facts).passed);
}

TEST(Plausibility, HoldsForSoundFacts) {
  EXPECT_TRUE(judge_plausibility(sound_facts()).passed);
}

TEST(Plausibility, MoreBytesThanTheDeviceCanReadAreNotBelieved) {
  PointFacts facts = sound_facts();
  facts.peaks.read_bandwidth = {80.0, 80.0};  // 1590 B / 7.95 s = 200 B/s of 160
  const Verdict verdict = judge_plausibility(facts);
  EXPECT_FALSE(verdict.passed);
  EXPECT_THAT(verdict.sentence, HasSubstr("implausible"));
  facts.peaks.read_bandwidth = {88.0, 88.0};  // within 1.15
  EXPECT_TRUE(judge_plausibility(facts).passed);
}

TEST(Plausibility, MoreFlopsThanThePeakAreNotBelieved) {
  PointFacts facts = sound_facts();
  facts.cost.prefill_flops = {300.0, 300.0};  // 600 FLOP / 2 s = 300 FLOP/s of 250: more than 1.15
  EXPECT_FALSE(judge_plausibility(facts).passed);
}

TEST(Plausibility, ATimeOfZeroOrAnInfinitePerplexityIsNotBelieved) {
  PointFacts facts = sound_facts();
  for (auto& row : timed(facts, "prefill_seconds").rows) row = {0.0, 0.0};
  EXPECT_FALSE(judge_plausibility(facts).passed);
  facts = sound_facts();
  facts.text = TextScore{{1.0, std::numeric_limits<double>::infinity()}, 1};
  EXPECT_FALSE(judge_plausibility(facts).passed);
}

TEST(Figures, AreTheArithmeticOfTheContract) {
  Point point;
  PointFacts facts = sound_facts();
  facts.oversubscribed = true;
  add_figures(point, facts);
  EXPECT_DOUBLE_EQ(metric(point, "prefill_throughput").value, 50.0);
  EXPECT_DOUBLE_EQ(metric(point, "prefill_throughput_per_device").value, 25.0);
  EXPECT_DOUBLE_EQ(metric(point, "decode_throughput").value, 20.0);
  EXPECT_DOUBLE_EQ(metric(point, "output_throughput").value, 16.0);
  EXPECT_DOUBLE_EQ(metric(point, "total_throughput").value, 26.0);
  EXPECT_DOUBLE_EQ(metric(point, "decode_mbu").value, 0.5);
  EXPECT_DOUBLE_EQ(metric(point, "prefill_mfu").value, 0.5);
  EXPECT_DOUBLE_EQ(metric(point, "memory_weights").value, 2000.0);
  EXPECT_EQ(metric(point, "decode_throughput").samples, 3);
  EXPECT_THAT(metric(point, "decode_throughput").marks, Contains("few repetitions"));
  EXPECT_THAT(metric(point, "decode_throughput").marks, Contains("oversubscribed"));
  EXPECT_THAT(metric(point, "decode_throughput").how_obtained,
              HasSubstr("159 output tokens after the first / decode_seconds"));
}

TEST(Figures, WhatWasNotMeasuredIsAbsentWithAReason) {
  Point point;
  PointFacts facts = sound_facts();
  facts.cost.decode_tokens = 0;
  facts.cost.decode_bytes = {0.0, 0.0};
  add_figures(point, facts);
  EXPECT_THROW(metric(point, "decode_throughput"), std::out_of_range);
  for (const char* name : {"decode_throughput", "decode_throughput_per_device", "decode_mbu", "tpot_mean",
                           "decode_comm_fraction"}) {
    EXPECT_THAT(point.absent, Contains(Field(&Absent::name, name)));
  }
  for (const Absent& absent : point.absent) EXPECT_FALSE(absent.reason.empty());
}

TEST(Figures, OfAFailedPointAreWithdrawn) {
  Point point;
  add_figures(point, sound_facts());
  const std::size_t figures = point.results.size() + point.absent.size();
  point.verdicts = {{"plausible", true, "", "x"}, {"repeatable", false, "", "y"}};
  withdraw_figures(point);
  EXPECT_TRUE(point.results.empty());
  EXPECT_EQ(point.absent.size(), figures);
  EXPECT_THAT(point.absent.back().reason, HasSubstr("repeatable"));
  EXPECT_THAT(point.absent.back().reason, testing::Not(HasSubstr("plausible")));
}

TEST(CommunicationFigures, FollowNcclsDefinitions) {
  Point point;
  PointFacts facts = sound_facts();
  facts.degree = 4;
  Samples all_reduce = rank_samples("all_reduce_seconds_1000", "s", "steady_clock", "isolated", 4);
  all_reduce.warm_ups = 1;
  all_reduce.rows = {{9.0, 9.0, 9.0, 9.0}, {0.5, 1.0, 2.0, 1.0}};
  facts.isolated = {all_reduce};
  Samples step = rank_samples("decode_step_seconds", "s", "steady_clock", "instrumented", 2);
  step.rows = {{10.0, 10.0}};
  Samples collective = rank_samples("decode_collective_seconds", "s", "steady_clock", "instrumented", 2);
  collective.rows = {{1.0, 4.0}};
  facts.instrumented = {step, collective};
  step.name = "prefill_step_seconds";
  collective.name = "prefill_collective_seconds";
  facts.instrumented.push_back(step);
  facts.instrumented.push_back(collective);
  add_figures(point, facts);
  EXPECT_DOUBLE_EQ(metric(point, "all_reduce_seconds_1000").value, 2.0);
  EXPECT_DOUBLE_EQ(metric(point, "all_reduce_algbw_1000").value, 500.0);
  EXPECT_DOUBLE_EQ(metric(point, "all_reduce_busbw_1000").value, 750.0);
  EXPECT_DOUBLE_EQ(metric(point, "decode_comm_fraction").value, 0.4);
  EXPECT_DOUBLE_EQ(metric(point, "decode_comm_fraction_min").value, 0.1);
  EXPECT_DOUBLE_EQ(metric(point, "decode_comm_fraction_skew").value, 0.3);
  EXPECT_THAT(metric(point, "decode_comm_fraction").marks, Contains("instrumented"));
}

TEST(Figures, TaintedRepetitionsAreLeftOutWhereOthersAreLeft) {
  PointFacts facts = sound_facts();
  for (Samples& samples : facts.timed.samples) {
    samples.rows[2] = {50.0, 50.0};
    samples.marks[2] = "tainted: waited 30.0 % of the time for a core";
  }
  Point point;
  add_figures(point, facts);
  EXPECT_DOUBLE_EQ(metric(point, "wall_seconds").value, 10.0);
  EXPECT_EQ(metric(point, "wall_seconds").samples, 2);
  EXPECT_THAT(metric(point, "wall_seconds").how_obtained, HasSubstr("1 tainted left out"));
  EXPECT_THAT(metric(point, "wall_seconds").marks, testing::Not(Contains("tainted")));
}

TEST(Figures, WhereAllAreTaintedAllCountAndSaySo) {
  PointFacts facts = sound_facts();
  for (Samples& samples : facts.timed.samples) samples.marks.assign(4, "tainted: x");
  Point point;
  add_figures(point, facts);
  EXPECT_EQ(metric(point, "wall_seconds").samples, 3);
  EXPECT_THAT(metric(point, "wall_seconds").marks, Contains("tainted"));
}

}  // namespace
}  // namespace tpscale
