#include "bench/trial/honesty.h"

#include <random>
#include <vector>

#include "bench/statistics/bootstrap.h"
#include "core/check.h"

namespace tpscale {
namespace {

constexpr std::uint32_t kResamples = 1000;  // of each of many intervals

}  // namespace

Honesty resampled_honesty(std::span<const double> first, std::span<const double> again,
                          std::span<const double> slowed, std::int64_t comparisons, std::uint64_t seed) {
  check(first.size() == again.size() && first.size() == slowed.size() && !first.empty(),
        "the arms have as many repetitions");
  std::mt19937_64 draw(seed);
  const std::size_t count = first.size();
  std::vector<double> a(count), b(count), base(count), slow(count);
  Honesty honesty;
  honesty.comparisons = comparisons;
  double alarms = 0.0, detections = 0.0;
  for (std::int64_t i = 0; i < comparisons; ++i) {
    for (std::size_t row = 0; row < count; ++row) {
      const std::size_t chosen = draw() % count;
      const bool swap = draw() % 2 == 0;
      a[row] = swap ? again[chosen] : first[chosen];
      b[row] = swap ? first[chosen] : again[chosen];
      base[row] = first[chosen];
      slow[row] = slowed[chosen];
    }
    const BootstrapOptions options{.seed = draw(), .resamples = kResamples};
    const Interval same = bootstrap_paired_ratio(b, a, options);
    alarms += same.low > 1.0 || same.high < 1.0 ? 1.0 : 0.0;
    detections += bootstrap_paired_ratio(slow, base, options).low > 1.0 ? 1.0 : 0.0;
  }
  honesty.alarms = alarms / static_cast<double>(comparisons);
  honesty.detections = detections / static_cast<double>(comparisons);
  return honesty;
}

}  // namespace tpscale
