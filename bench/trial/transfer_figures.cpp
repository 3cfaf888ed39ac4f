#include "bench/trial/transfer_figures.h"

#include <algorithm>

#include "bench/print/number.h"
#include "bench/statistics/bootstrap.h"
#include "bench/statistics/counted_repetitions.h"
#include "bench/statistics/marks.h"
#include "bench/statistics/summary.h"
#include "bench/trial/point_facts.h"

namespace tpscale {
namespace {

constexpr double kTolerated = 1.15;
constexpr double kShortest = 200e-6;  // waking a thread takes a good part of what is shorter

class Figures {
 public:
  Figures(Point& point, const TransferTrialResult& result, int degree, bool oversubscribed)
      : point_(point), result_(result), degree_(degree), oversubscribed_(oversubscribed) {}

  void add_arm(const TransferArm& arm) {
    const auto bytes = static_cast<double>(arm.pieces.bytes());
    add_once("pieces_" + arm.name, "1", static_cast<double>(arm.pieces.offsets.size()),
             "copies that a rank's share is cut into, of " + std::to_string(arm.pieces.piece_bytes) + " B");
    for (const std::string direction : {"device_to_host", "host_to_device"}) {
      const std::string seconds = direction + "_seconds";
      add(seconds + "_" + arm.name, "s", counted(seconds, arm.name), seconds + of_ranks());
      add_rate(direction + "_bandwidth_" + arm.name, seconds, arm.name, bytes * degree_, "B of all ranks");
      if (degree_ > 1)
        add_rate(direction + "_bandwidth_rank_" + arm.name, seconds, arm.name, bytes, "B of a rank");
      add_rate(direction + "_bandwidth_decoding_" + arm.name, direction + "_decoding_seconds", arm.name,
               bytes * degree_, "B of all ranks");
      if (arm.name != kCeiling)
        add_ratio(direction + "_share_of_ceiling_" + arm.name, seconds, kCeiling, arm.name,
                  "of the ceiling / " + seconds + " of this arm");
    }
    if (arm.name != kCeiling) {
      add_ratio("share_of_ceiling_" + arm.name, "wall_seconds", kCeiling, arm.name,
                "of the ceiling's round trip / wall_seconds of this arm's");
    }
    add_ratio("decode_slowdown_" + arm.name, "decode_seconds", arm.name, "alone",
              "beside the copies / decode_seconds without any");
  }

  void add_once(const std::string& name, const std::string& unit, double value, const std::string& how) {
    Metric metric;
    metric.name = name;
    metric.unit = unit;
    metric.value = metric.low = metric.high = value;
    metric.samples = 1;
    metric.method = "counted, no interval";
    metric.how_obtained = fixed_number(value, 0) + " " + how;
    point_.results.push_back(std::move(metric));
  }

 private:
  std::string of_ranks() const {
    return degree_ == 1 ? " of the one rank" : " of the slowest of " + std::to_string(degree_) + " ranks";
  }
  const Samples& series(const std::string& name, const std::string& arm) const {
    return samples_named(result_.samples, name_of_arm(name, arm));
  }
  std::vector<double> counted(const std::string& name, const std::string& arm) const {
    return counted_seconds(series(name, arm));
  }

  void add(const std::string& name, const std::string& unit, const std::vector<double>& values,
           const std::string& how) {
    Metric metric = summarize(name, unit, values);
    metric.how_obtained = how + "; median of " + std::to_string(values.size()) +
                          " repetitions = " + short_number(metric.value) + " " + unit;
    if (oversubscribed_) metric.marks.emplace_back("oversubscribed");
    point_.results.push_back(std::move(metric));
  }

  void add_rate(const std::string& name, const std::string& seconds, const std::string& arm, double bytes,
                const std::string& what) {
    std::vector<double> rates = counted(seconds, arm);
    if (std::ranges::any_of(rates, [](double value) { return value <= 0.0; })) {
      point_.absent.push_back({name, "a copy took no time at all"});
      return;
    }
    std::ranges::transform(rates, rates.begin(), [bytes](double value) { return bytes / value; });
    add(name, "B/s", rates, fixed_number(bytes, 0) + " " + what + " / " + seconds + of_ranks());
  }

  /// Seconds of one arm over those of another in the same repetition.
  void add_ratio(const std::string& name, const std::string& seconds, const std::string& above,
                 const std::string& below, const std::string& how) {
    const Samples& upper = series(seconds, above);
    const Samples& lower = series(seconds, below);
    std::vector<std::size_t> rows;
    std::ranges::set_intersection(counted_rows(upper), counted_rows(lower), std::back_inserter(rows));
    if (rows.empty()) rows = counted_rows(upper);
    std::vector<double> uppers, lowers;
    for (const std::size_t row : rows) {
      uppers.push_back(std::ranges::max(upper.rows[row]));
      lowers.push_back(std::ranges::max(lower.rows[row]));
    }
    if (std::ranges::any_of(lowers, [](double value) { return value <= 0.0; })) {
      point_.absent.push_back({name, "a phase took no time at all"});
      return;
    }
    const Interval ratio = bootstrap_paired_ratio(uppers, lowers);
    Metric metric;
    metric.name = name;
    metric.unit = "1";
    metric.value = ratio.value;
    metric.low = ratio.low;
    metric.high = ratio.high;
    metric.method = ratio.method;
    metric.samples = static_cast<std::int64_t>(rows.size());
    metric.how_obtained = seconds + " " + how + ", pairs of a repetition = " + short_number(ratio.value);
    if (metric.samples < static_cast<std::int64_t>(kFewRepetitions))
      metric.marks.emplace_back("few repetitions");
    if (oversubscribed_) metric.marks.emplace_back("oversubscribed");
    point_.results.push_back(std::move(metric));
  }

  Point& point_;
  const TransferTrialResult& result_;
  int degree_;
  bool oversubscribed_;
};

double median(std::vector<double> values) {
  return bootstrap_median(values, {.seed = 0, .resamples = 1}).value;
}

}  // namespace

void add_transfer_figures(Point& point, const TransferTrialResult& result, std::span<const TransferArm> arms,
                          int degree, bool oversubscribed) {
  Figures figures(point, result, degree, oversubscribed);
  figures.add_once("moved_bytes", "B", static_cast<double>(arms.front().pieces.bytes()),
                   "B of a rank's cache each way");
  for (const TransferArm& arm : arms) figures.add_arm(arm);
}

Verdict judge_transfers(const TransferTrialResult& result, std::span<const TransferArm> arms) {
  Verdict verdict{"plausible", true, "", ""};
  double most = 0.0;
  std::string unjudged;
  for (const char* seconds : {"device_to_host_seconds", "host_to_device_seconds"}) {
    double best =
        std::ranges::min(counted_seconds(samples_named(result.samples, name_of_arm(seconds, kCeiling))));
    if (!result.again.empty()) {
      const auto again = counted_seconds(samples_named(result.again, name_of_arm(seconds, kCeiling)));
      best = std::min(best, std::ranges::min(again));
    }
    for (const TransferArm& arm : arms) {
      const double taken =
          median(counted_seconds(samples_named(result.samples, name_of_arm(seconds, arm.name))));
      if (taken <= 0.0) {
        return {"plausible", false, "", std::string(seconds) + " of " + arm.name + " is no time at all"};
      }
      if (best < kShortest) {
        unjudged = "; copies of less than 200 us are not judged";
        continue;
      }
      const double share = best / taken;
      most = std::max(most, share);
      if (share <= kTolerated) continue;
      verdict.passed = false;
      verdict.sentence +=
          arm.name + " moved " + short_number(share) + " times what the ceiling's best copy did; ";
    }
  }
  if (verdict.passed)
    verdict.sentence = "no arm's median is above 1.15 times the ceiling's best copy: " + short_number(most) +
                       " times at most" + unjudged;
  return verdict;
}

}  // namespace tpscale
