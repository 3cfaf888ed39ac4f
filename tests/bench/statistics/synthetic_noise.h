#pragma once
#include <random>
#include <vector>

namespace tpscale {

/// `count` times of known median with normal noise; `noise` is its standard deviation as a share of the
/// median.
inline std::vector<double> noisy_times(std::mt19937& random, std::size_t count, double median, double noise) {
  std::normal_distribution<double> normal(median, noise * median);
  std::vector<double> times(count);
  for (double& time : times) time = normal(random);
  return times;
}

}  // namespace tpscale
