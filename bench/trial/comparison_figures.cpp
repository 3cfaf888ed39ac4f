#include <algorithm>
#include <cmath>

#include "bench/print/number.h"
#include "bench/statistics/counted_repetitions.h"
#include "bench/statistics/marks.h"
#include "bench/statistics/summary.h"
#include "bench/trial/comparison.h"

namespace tpscale {

Interval paired_ratio(const PointFacts& other, const PointFacts& base, const std::string& quantity) {
  const Samples& of_other = samples_named(other.timed.samples, name_of_arm(quantity, other.arm));
  const Samples& of_base = samples_named(base.timed.samples, name_of_arm(quantity, base.arm));
  std::vector<std::size_t> rows;
  std::ranges::set_intersection(counted_rows(of_other), counted_rows(of_base), std::back_inserter(rows));
  if (rows.empty()) rows = counted_rows(of_other);
  std::vector<double> others, bases;
  for (const std::size_t row : rows) {
    others.push_back(std::ranges::max(of_other.rows[row]));
    bases.push_back(std::ranges::max(of_base.rows[row]));
  }
  return bootstrap_paired_ratio(others, bases);
}

Metric ratio_metric(const std::string& name, const std::string& unit, const Interval& ratio, double scale,
                    double offset, const PointFacts& facts, const std::string& how) {
  Metric metric;
  metric.name = name;
  metric.unit = unit;
  metric.value = scale * ratio.value + offset;
  metric.low = std::min(scale * ratio.low, scale * ratio.high) + offset;
  metric.high = std::max(scale * ratio.low, scale * ratio.high) + offset;
  metric.method = ratio.method;
  metric.samples = static_cast<std::int64_t>(counted_rows(facts.timed.samples.front()).size());
  metric.how_obtained = how + " = " + short_number(metric.value) + " " + unit;
  if (facts.oversubscribed) metric.marks.push_back("oversubscribed");
  if (metric.samples < static_cast<std::int64_t>(kFewRepetitions)) metric.marks.push_back("few repetitions");
  return metric;
}

void add_quantity_figure(Point& point, const PointFacts& facts, const std::string& name,
                         const std::string& how, const std::string& reason) {
  const std::string full_name = name_of_arm(name, facts.arm);
  const Samples& samples = samples_named(facts.timed.samples, full_name);
  const std::vector<double> values = counted_seconds(samples);
  if (!std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) {
    point.absent.push_back({full_name, reason});
    return;
  }
  Metric metric = summarize(full_name, samples.unit, values);
  metric.how_obtained = how + "; median of " + std::to_string(values.size()) +
                        " repetitions = " + short_number(metric.value) + " " + samples.unit;
  if (samples.clock == "none") std::erase(metric.marks, "few repetitions");  // a count does not vary
  if (facts.oversubscribed && samples.clock != "none") metric.marks.push_back("oversubscribed");
  point.results.push_back(std::move(metric));
}

Metric single_metric(const std::string& name, const std::string& unit, double value, const std::string& how,
                     const std::string& method) {
  Metric metric;
  metric.name = name;
  metric.unit = unit;
  metric.value = metric.low = metric.high = value;
  metric.samples = 1;
  metric.method = method;
  metric.how_obtained = how + " = " + short_number(value) + " " + unit;
  return metric;
}

}  // namespace tpscale
