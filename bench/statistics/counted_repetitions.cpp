#include "bench/statistics/counted_repetitions.h"

#include <algorithm>

namespace tpscale {

std::vector<std::size_t> counted_rows(const Samples& samples) {
  std::vector<std::size_t> clean, all;
  for (auto row = static_cast<std::size_t>(samples.warm_ups); row < samples.rows.size(); ++row) {
    all.push_back(row);
    if (row >= samples.marks.size() || samples.marks[row].empty()) clean.push_back(row);
  }
  return clean.empty() ? all : clean;
}

std::vector<double> counted_seconds(const Samples& samples) {
  std::vector<double> seconds;
  for (const std::size_t row : counted_rows(samples)) seconds.push_back(std::ranges::max(samples.rows[row]));
  return seconds;
}

}  // namespace tpscale
