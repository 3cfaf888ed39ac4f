#include "bench/trial/plausibility.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bench/print/number.h"
#include "bench/statistics/counted_repetitions.h"
#include "bench/statistics/sample_statistics.h"

namespace tpscale {
namespace {

constexpr double kPhaseTolerance = 0.01;
constexpr double kRunOverheadSeconds =
    50e-6;  // begin and end of a run, which no step holds: all of a run of 1 ms

/// "120 GFLOP/s is 0.61 of ..." and whether it may be.
bool within_peak(double rate, double peak, const std::string& what, std::string& sentence) {
  const bool plausible = peak > 0.0 && rate <= kPlausibleExcess * peak;
  sentence += (sentence.empty() ? "" : "; ") + what + " " + short_number(rate / 1e9) + " of " +
              short_number(peak / 1e9) + " G/s measured" + (plausible ? "" : " (implausible)");
  return plausible;
}

Verdict with_finite_perplexity(Verdict verdict, const PointFacts& facts) {
  if (facts.text && !std::isfinite(facts.text->perplexity())) {
    verdict.passed = false;
    verdict.sentence += "; the perplexity is not a finite number";
  }
  return verdict;
}

}  // namespace

Verdict judge_phases(const PointFacts& facts) {
  const auto& samples = facts.timed.samples;
  const Samples& wall = samples_named(samples, name_of_arm("wall_seconds", facts.arm));
  const Samples& prefill = samples_named(samples, name_of_arm("prefill_seconds", facts.arm));
  const Samples& decode = samples_named(samples, name_of_arm("decode_seconds", facts.arm));
  const Samples& schedule = samples_named(samples, name_of_arm("schedule_seconds", facts.arm));
  const auto idle = std::ranges::find(samples, name_of_arm("idle_seconds", facts.arm), &Samples::name);
  std::vector<double> gaps;
  const std::vector<std::size_t> rows = counted_rows(wall);
  for (const std::size_t row : rows) {
    double gap = 0.0;
    for (std::size_t rank = 0; rank < wall.rows[row].size(); ++rank) {
      const double waited = idle == samples.end() ? 0.0 : idle->rows[row][rank];
      const double parts =
          prefill.rows[row][rank] + decode.rows[row][rank] + schedule.rows[row][rank] + waited;
      const double missing = std::max(0.0, std::abs(wall.rows[row][rank] - parts) - kRunOverheadSeconds);
      gap = std::max(gap, missing / wall.rows[row][rank]);
    }
    gaps.push_back(gap);
  }
  // What breaks the identity breaks it in every repetition; being kept from the core breaks some.
  const bool disturbed = !wall.marks.empty() && !wall.marks[rows.front()].empty();
  const double gap = disturbed ? std::ranges::min(gaps) : median(gaps);
  return {"phases add up to the wall", gap <= kPhaseTolerance, "",
          "prefill + decode + scheduling (and waiting for arrivals) seconds are " +
              fixed_number(gap * 100.0, 2) + " % off the wall beyond 50 us a run (" +
              (disturbed ? "least disturbed" : "median") + " repetition, worst rank; 1 % is allowed)"};
}

Verdict judge_plausibility(const PointFacts& facts) {
  Verdict verdict{"plausible", true, "", ""};
  const double wall = median(timed_seconds(facts, "wall_seconds"));
  const double prefill = median(timed_seconds(facts, "prefill_seconds"));
  const double decode = median(timed_seconds(facts, "decode_seconds"));
  const bool decoded = facts.cost.decode_tokens > 0;
  if (wall <= 0.0 || prefill <= 0.0 || (decoded && decode <= 0.0)) {
    verdict.passed = false;
    verdict.sentence = "a phase took no time at all";
    return verdict;
  }
  if (facts.virtual_device) {
    verdict.sentence = "no rate to judge: the device is virtual";
    return with_finite_perplexity(verdict, facts);
  }
  verdict.passed = within_peak(sum(facts.cost.prefill_flops) / prefill, sum(facts.peaks.multiply_add_peak),
                               "prefill GFLOP/s", verdict.sentence);
  if (decoded) {
    verdict.passed = within_peak(sum(facts.cost.decode_bytes) / decode, sum(facts.peaks.read_bandwidth),
                                 "decode GB/s", verdict.sentence) &&
                     verdict.passed;
  }
  return with_finite_perplexity(verdict, facts);
}

Verdict judge_repeatability(const PointFacts& facts) {
  return {"repeatable", facts.timed.same_tokens, "",
          facts.timed.same_tokens ? "every repetition generated the same tokens"
                                  : "repetitions of the same requests generated different tokens"};
}

}  // namespace tpscale
