#include "bench/trial/point_facts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bench/statistics/counted_repetitions.h"
#include "core/check.h"

namespace tpscale {

const Samples& samples_named(std::span<const Samples> samples, std::string_view name) {
  const auto it =
      std::find_if(samples.begin(), samples.end(), [&](const Samples& s) { return s.name == name; });
  check(it != samples.end(), "samples of a name that nobody has taken");
  return *it;
}

std::vector<double> timed_seconds(const PointFacts& facts, std::string_view name) {
  return counted_seconds(samples_named(facts.timed.samples, name_of_arm(std::string(name), facts.arm)));
}

double sum(std::span<const double> values) noexcept {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

bool is_complete(const Samples& samples) {
  return std::ranges::all_of(samples.rows, [](const std::vector<double>& row) {
    return std::ranges::all_of(row, [](double value) { return std::isfinite(value); });
  });
}

}  // namespace tpscale
