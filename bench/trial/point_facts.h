#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/store/point.h"
#include "bench/trial/device_peaks.h"
#include "bench/trial/step_costs.h"
#include "bench/trial/text_score.h"
#include "bench/trial/timed_trial.h"

namespace tpscale {

/// Everything measured about one point, before any figure is derived. Complete on every rank of the group.
struct PointFacts {
  int degree = 1;
  std::string arm;  ///< of a comparison: what the names of its samples and figures end in
  bool oversubscribed = false;
  bool virtual_device = false;    ///< its rates mean nothing
  std::int64_t input_tokens = 0;  ///< of the workload
  TimedTrial timed;
  std::vector<Samples> instrumented;  ///< empty: none was made
  std::vector<Samples> isolated;
  std::vector<Samples> memory;
  RunCost cost;
  DevicePeaks peaks;
  std::optional<TextScore> text;  ///< where the launch has one to judge
};

/// The samples of that name; InternalError where there are none.
const Samples& samples_named(std::span<const Samples> samples, std::string_view name);
/// Seconds of the timed repetitions that count: maximum over ranks.
std::vector<double> timed_seconds(const PointFacts& facts, std::string_view name);
double sum(std::span<const double> values) noexcept;
/// False where some run did not have the quantity (NaN): the store takes no such samples.
bool is_complete(const Samples& samples);

}  // namespace tpscale
