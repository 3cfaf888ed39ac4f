#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "bench/experiment.h"
#include "bench/print/number.h"
#include "bench/statistics/bootstrap.h"
#include "bench/statistics/counted_repetitions.h"
#include "bench/statistics/marks.h"
#include "bench/trial/comparison.h"
#include "bench/trial/honesty.h"
#include "bench/trial/identity.h"

namespace tpscale {
namespace {

constexpr double kDelay = 0.05;
constexpr std::int64_t kComparisons = 200;
/// A delay that is not found fails the launch only where it is so many times what could be seen. What could
/// be seen is itself taken from few repetitions: of 400 simulated launches each (8, 10, 20 repetitions, noise
/// of 1 to 6 %, with and without stragglers) up to 6 failed by noise with 2, none with 4.
constexpr double kPlainlyVisible = 4.0;

const char* const kMethod =
    "The measuring itself, measured: one engine and the same requests as three arms, the first again, and "
    "the "
    "first with a busy wait of 5 % of the run inside the clock, in an order drawn anew each repetition. The "
    "first two must not differ, and the third must.";

/// Repetitions in which all three arms count.
struct Seconds {
  std::vector<double> first, again, slowed;
};

Seconds seconds_of(std::span<const PointFacts> arms) {
  Seconds seconds;
  const auto values = [&](const PointFacts& facts, std::vector<double>& to, const std::vector<bool>& counts) {
    const Samples& samples = samples_named(facts.timed.samples, name_of_arm("wall_seconds", facts.arm));
    for (std::size_t row = 0; row < samples.rows.size(); ++row) {
      if (counts[row]) to.push_back(*std::ranges::max_element(samples.rows[row]));
    }
  };
  const auto rows = arms[0].timed.samples.front().rows.size();
  std::vector<bool> counts(rows, true);
  for (const PointFacts& facts : arms) {
    std::vector<bool> of_arm(rows, false);
    for (const std::size_t row :
         counted_rows(samples_named(facts.timed.samples, name_of_arm("wall_seconds", facts.arm))))
      of_arm[row] = true;
    for (std::size_t row = 0; row < rows; ++row) counts[row] = counts[row] && of_arm[row];
  }
  if (std::ranges::count(counts, true) == 0) {  // all are tainted in some arm: then all are taken
    for (std::size_t row = 1; row < rows; ++row) counts[row] = true;
  }
  values(arms[0], seconds.first, counts);
  values(arms[1], seconds.again, counts);
  values(arms[2], seconds.slowed, counts);
  return seconds;
}

std::string interval_text(const Interval& interval) {
  return short_number(interval.value) + " [" + short_number(interval.low) + ", " +
         short_number(interval.high) + "]";
}

/// What pairs of this launch scatter by, the ratio of an arm to itself, says what they could show. Nothing
/// where few count: the interval of one pair has no width at all.
double detectable_difference(const Interval& same, std::size_t repetitions) {
  if (repetitions < kFewRepetitions) return std::numeric_limits<double>::infinity();
  return (1.96 + 0.84) / 1.96 * (same.high - same.low) / 2.0;
}

/// Noise alone must not fail a launch: an arm that differs from itself fails it only where the difference is
/// one that this machine could have told apart, and larger than the delay that is to be found.
Verdict judge_same(const Interval& same, double detectable) {
  const bool differs = same.low > 1.0 + kDelay || same.high < 1.0 / (1.0 + kDelay);
  return {"an arm equals itself", !(differs && detectable < kDelay), "",
          "again / first = " + interval_text(same) +
              "; it fails where the whole interval is beyond 5 % and 5 % "
              "could be seen here"};
}

Verdict judge_delay(const Interval& slower, double detectable) {
  const bool found = slower.low > 1.0;
  const bool visible = detectable < kDelay / kPlainlyVisible;
  return {
      "the injected delay is found", found || !visible, "",
      "delayed / first = " + interval_text(slower) +
          ", 5 % were injected; smallest difference that could be "
          "seen: " +
          (std::isfinite(detectable) ? short_number(detectable * 100.0) + " %" : "none with so few pairs") +
          (visible ? "" : "; no base for a verdict, more repetitions or a quieter machine would tell")};
}

void compare(Point& point, std::span<const PointFacts> arms, std::uint64_t seed) {
  const Seconds seconds = seconds_of(arms);
  const Interval same = paired_ratio(arms[1], arms[0], "wall_seconds");
  const Interval slower = paired_ratio(arms[2], arms[0], "wall_seconds");
  const double detectable = detectable_difference(same, seconds.first.size());
  point.verdicts.push_back(judge_same(same, detectable));
  point.verdicts.push_back(judge_delay(slower, detectable));
  point.results.push_back(
      ratio_metric("difference", "1", same, 1.0, -1.0, arms[1], "wall_seconds again / first - 1"));
  point.results.push_back(ratio_metric("injected_difference", "1", slower, 1.0, -1.0, arms[2],
                                       "wall_seconds delayed / first - 1"));
  if (same.low > 1.0 || same.high < 1.0) point.marks.emplace_back("differs from itself");
  const Honesty honesty = resampled_honesty(seconds.first, seconds.again, seconds.slowed, kComparisons, seed);
  const std::string drawn = " of " + std::to_string(honesty.comparisons) + " comparisons of " +
                            std::to_string(seconds.first.size()) +
                            " repetitions each, drawn with replacement from those measured";
  point.results.push_back(single_metric(
      "false_alarms", "1", honesty.alarms,
      "share" + drawn + ", first and again changing places by chance, whose interval leaves out 1"));
  point.results.push_back(single_metric("detections", "1", honesty.detections,
                                        "share" + drawn + " whose interval of delayed / first lies above 1"));
  if (std::isfinite(detectable)) {
    point.results.push_back(
        single_metric("smallest_detectable_difference", "1", detectable,
                      "(1.96 + 0.84) / 1.96 x half the width of again / first, found in 4 of 5 cases"));
  } else {
    point.absent.push_back({"smallest_detectable_difference", "fewer than 8 repetitions count in every arm"});
  }
}

Comparison comparison_of(const Launch& launch, int degree) {
  Comparison comparison;
  comparison.plan.experiment = "selftest";
  comparison.plan.method = kMethod;
  comparison.plan.degree = degree;
  comparison.plan.workload = std::make_shared<const Workload>(
      make_workload(launch.options.workload, launch.source.config().vocab_size));
  comparison.plan.parameters = identity(launch, "selftest", *comparison.plan.workload, degree);
  comparison.engine = launch.options.engine;
  comparison.exact = launch.setup.backend == "cpu";
  comparison.arms = [](ModelSession& session) {
    Engine& engine = session.engine();
    return std::vector<Arm>{{"first", &engine}, {"again", &engine}, {"delayed", &engine, [] {}, kDelay}};
  };
  const auto seed = static_cast<std::uint64_t>(launch.options.workload.seed);
  comparison.compare = [seed](Point& point, std::span<const PointFacts> arms, Engine&) {
    compare(point, arms, seed);
  };
  return comparison;
}

void run(Launch& launch) {
  static const std::array<ComparisonColumn, 7> kColumns{
      {{"tp", "", "tp"},
       {"again", "% of first", "difference", 100.0},
       {"delayed 5 %", "% of first", "injected_difference", 100.0},
       {"false alarms", "%", "false_alarms", 100.0},
       {"found", "%", "detections", 100.0},
       {"could see", "%", "smallest_detectable_difference", 100.0},
       {"first", "s", "wall_seconds_first"}}};
  run_comparisons(
      launch, "selftest",
      [&] {
        std::vector<Comparison> comparisons;
        for (const std::int64_t degree : launch.options.run.tp)
          comparisons.push_back(comparison_of(launch, static_cast<int>(degree)));
        return comparisons;
      },
      kColumns);
}

void set_defaults(LaunchOptions& options, const Sizing& sizing) {
  const bool smoke = sizing.profile == "smoke";
  options.workload.num_sequences = sizing.cpu ? 8 : 64;
  options.workload.input_tokens = sizing.cpu ? 64 : 256;
  options.workload.output_tokens = sizing.cpu ? 32 : 128;
  options.run.repetitions = smoke ? 10 : 20;
}

const bool registered = experiment_registry().add(
    "selftest", "an arm against itself and against itself slowed by 5 %: what the measuring can tell apart",
    Experiment{"selftest",
               "Does the measuring find a difference where there is one, and none where there is none?",
               {"tp"},
               run,
               set_defaults,
               "0"});

}  // namespace
}  // namespace tpscale
