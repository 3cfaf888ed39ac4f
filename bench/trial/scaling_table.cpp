#include "bench/trial/scaling_table.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "bench/print/number.h"
#include "bench/print/table.h"
#include "bench/statistics/bootstrap.h"
#include "bench/statistics/counted_repetitions.h"
#include "bench/trial/point_table.h"
#include "bench/trial/verdict_lines.h"

namespace tpscale {
namespace {

struct Phase {
  const char* name;
  const char* throughput;
  const char* seconds;
};
constexpr Phase kPhases[] = {{"prefill", "prefill_throughput", "prefill_seconds"},
                             {"decode", "decode_throughput", "decode_seconds"},
                             {"end to end", "total_throughput", "wall_seconds"}};

const Metric* find_metric(const Point& point, std::string_view name) {
  const auto it = std::find_if(point.results.begin(), point.results.end(),
                               [&](const Metric& m) { return m.name == name; });
  return it == point.results.end() ? nullptr : &*it;
}

template <class T>
T parameter(const Point& point, std::string_view name, T fallback) {
  for (const auto& [key, value] : point.parameters) {
    if (key == name && std::holds_alternative<T>(value)) return std::get<T>(value);
  }
  return fallback;
}

std::int64_t degree_of(const Point& point) {
  return parameter<std::int64_t>(point, "tp", 1);
}
bool is_repeat(const Point& point) {
  return parameter<bool>(point, "base_repeat", false);
}

/// Seconds of the repetitions, empty where the point has no figure.
std::vector<double> seconds_of(const Point& point, const Phase& phase) {
  if (find_metric(point, phase.throughput) == nullptr) return {};
  for (const Samples& samples : point.samples) {
    if (samples.name == phase.seconds) return counted_seconds(samples);
  }
  return {};
}

std::string cell(const Point& point, const char* metric, double scale = 1.0) {
  const Metric* found = find_metric(point, metric);
  return found == nullptr ? "-" : short_number(found->value * scale);
}

std::string with_interval(const Interval& interval, double scale) {
  return fixed_number(interval.value * scale, 2) + " [" + fixed_number(interval.low * scale, 2) + ", " +
         fixed_number(interval.high * scale, 2) + "]";
}

/// base / other of a phase's seconds, unpaired.
std::optional<Interval> ratio_to(const Point& base, const Point& point, const Phase& phase) {
  const auto of_base = seconds_of(base, phase);
  const auto of_point = seconds_of(point, phase);
  if (of_base.empty() || of_point.empty()) return std::nullopt;
  return bootstrap_ratio(of_base, of_point);
}

std::string tokens_cell(const Point& point) {
  for (const Verdict& verdict : point.verdicts) {
    if (verdict.name.starts_with("token")) return verdict.passed ? verdict.level : "failed";
  }
  return "-";
}

std::string marks_cell(const Point& point, bool drifted) {
  std::set<std::string> marks(point.marks.begin(), point.marks.end());
  for (const char* name : {"prefill_throughput", "decode_throughput", "total_throughput"}) {
    if (const Metric* metric = find_metric(point, name))
      marks.insert(metric->marks.begin(), metric->marks.end());
  }
  if (drifted) marks.insert("drifted");
  if (point.status != "measured") marks.insert(point.status);
  std::string text;
  for (const std::string& mark : marks) text += (text.empty() ? "" : ", ") + mark;
  return text.empty() ? "-" : text;
}

const Point& first_measured(std::span<const Point> points) {
  const auto it = std::find_if(points.begin(), points.end(),
                               [](const Point& point) { return point.status == "measured"; });
  return it == points.end() ? points.front() : *it;
}

class ScalingTable {
 public:
  ScalingTable(ScalingKind kind, std::span<const Point> points)
      : kind_(kind), points_(points), base_(first_measured(points)) {
    for (const Point& point : points) {
      if (is_repeat(point)) repeat_ = &point;
    }
  }

  std::string text() const {
    const bool strong = kind_ == ScalingKind::kStrong;
    std::string out = base_.test_name + ", model " + parameter<std::string>(base_, "model", "?") + ", " +
                      parameter<std::string>(base_, "dtype", "?") + ", " +
                      std::to_string(parameter<std::int64_t>(base_, "threads", 1)) +
                      " threads a rank, base tp " + std::to_string(degree_of(base_)) + "\n\n";
    for (const Phase& phase : kPhases) out += phase_text(phase, strong) + "\n";
    return out + breakdown_text() + "\n" + drift_text() + verdict_lines(points_);
  }

 private:
  std::string phase_text(const Phase& phase, bool strong) const {
    Table table({{std::string(phase.name), "tp"},
                 {"throughput", "token/s"},
                 {"per device", "token/s"},
                 {"time", "s"},
                 {"speed-up", strong ? "T(base)/T [95 %]" : "of throughput [95 %]"},
                 {"efficiency", "% [95 %]"},
                 {"marks", "", true}});
    for (const Point& point : points_) {
      const double p = static_cast<double>(degree_of(point)) / static_cast<double>(degree_of(base_));
      const auto ratio = ratio_to(base_, point, phase);
      const std::string per_device = std::string(phase.throughput) + "_per_device";
      // Weak: the work grows with p, so T(base)/T is the efficiency and p times it the gain in throughput.
      const double speedup_scale = strong ? 1.0 : p;
      const double efficiency_scale = strong ? 100.0 / p : 100.0;
      table.add_row({std::to_string(degree_of(point)) + (is_repeat(point) ? " again" : ""),
                     cell(point, phase.throughput), cell(point, per_device.c_str()),
                     cell(point, phase.seconds), ratio ? with_interval(*ratio, speedup_scale) : "-",
                     ratio ? with_interval_percent(*ratio, efficiency_scale) : "-",
                     marks_cell(point, drifted(point, phase))});
    }
    return table.text();
  }

  static std::string with_interval_percent(const Interval& interval, double scale) {
    return fixed_number(interval.value * scale, 1) + " [" + fixed_number(interval.low * scale, 1) + ", " +
           fixed_number(interval.high * scale, 1) + "]";
  }

  std::string breakdown_text() const {
    const std::vector<PointColumn> quality = quality_columns(points_);
    std::vector<Table::Column> heads{
        {"shares", "tp"},         {"prefill comm", "%"}, {"decode comm", "%"},
        {"decode MBU", "%"},      {"prefill MFU", "%"},  {"weights", "MiB/rank"},
        {"KV cache", "MiB/rank"}, {"peak", "MiB/rank"},  {"tokens", "as base", true}};
    for (const PointColumn& column : quality) heads.push_back({column.name, column.unit});
    Table table(heads);
    constexpr double kMiB = 1.0 / (1024.0 * 1024.0);
    for (const Point& point : points_) {
      std::vector<std::string> cells{std::to_string(degree_of(point)) + (is_repeat(point) ? " again" : ""),
                                     cell(point, "prefill_comm_fraction", 100.0),
                                     cell(point, "decode_comm_fraction", 100.0),
                                     cell(point, "decode_mbu", 100.0),
                                     cell(point, "prefill_mfu", 100.0),
                                     cell(point, "memory_weights", kMiB),
                                     cell(point, "memory_kv_cache", kMiB),
                                     cell(point, "memory_peak", kMiB),
                                     tokens_cell(point)};
      for (const PointColumn& column : quality) cells.push_back(point_cell(point, column));
      table.add_row(std::move(cells));
    }
    return table.text();
  }

  /// |T(base)/T(base again) - 1|, where the base was measured again.
  std::optional<double> drift(const Phase& phase) const {
    if (repeat_ == nullptr) return std::nullopt;
    const auto ratio = ratio_to(base_, *repeat_, phase);
    if (!ratio) return std::nullopt;
    return std::abs(ratio->value - 1.0);
  }

  /// True where the machine drifted by more than the ratio's own interval.
  bool drifted(const Point& point, const Phase& phase) const {
    const auto drifted_by = drift(phase);
    const auto ratio = ratio_to(base_, point, phase);
    if (!drifted_by || !ratio || &point == &base_ || is_repeat(point)) return false;
    return *drifted_by > (ratio->high - ratio->low) / 2.0 / ratio->value;
  }

  std::string drift_text() const {
    std::string text;
    for (const Phase& phase : kPhases) {
      if (const auto by = drift(phase))
        text += (text.empty() ? "" : ", ") + std::string(phase.name) + " " + percent(*by);
    }
    return text.empty() ? "" : "drift of the base from begin to end: " + text + "\n";
  }

  ScalingKind kind_;
  std::span<const Point> points_;
  const Point& base_;
  const Point* repeat_ = nullptr;
};

}  // namespace

std::string scaling_table(ScalingKind kind, std::span<const Point> points) {
  return points.empty() ? "" : ScalingTable(kind, points).text();
}

}  // namespace tpscale
