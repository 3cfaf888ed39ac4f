#include "bench/statistics/summary.h"

#include <sstream>

#include "bench/statistics/marks.h"
#include "bench/statistics/sample_statistics.h"

namespace tpscale {

Metric summarize(const std::string& name, const std::string& unit, std::span<const double> values,
                 const BootstrapOptions& options) {
  Metric metric;
  Interval interval = bootstrap_median(values, options);
  metric.name = name;
  metric.unit = unit;
  metric.value = interval.value;
  metric.low = interval.low;
  metric.high = interval.high;
  metric.samples = static_cast<std::int64_t>(values.size());
  metric.spread = spread(values);
  metric.method = std::move(interval.method);
  metric.marks = repetition_marks(values);
  std::ostringstream how;
  how << "median of " << values.size() << " repetitions = " << metric.value << ' ' << unit;
  metric.how_obtained = how.str();
  return metric;
}

}  // namespace tpscale
