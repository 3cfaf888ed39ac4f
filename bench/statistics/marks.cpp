#include "bench/statistics/marks.h"

#include "bench/statistics/sample_statistics.h"

namespace tpscale {

std::vector<std::string> repetition_marks(std::span<const double> values) {
  std::vector<std::string> marks;
  if (spread(values) > kUnstableSpread) marks.emplace_back("unstable");
  if (values.size() < kFewRepetitions) marks.emplace_back("few repetitions");
  return marks;
}

std::vector<std::string> percentile_marks(std::size_t values, double q) {
  return q >= 99.0 && values < kFewSamplesP99 ? std::vector<std::string>{"few samples"}
                                              : std::vector<std::string>{};
}

}  // namespace tpscale
