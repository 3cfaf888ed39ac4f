#include "bench/trial/device_peaks.h"

#include <algorithm>
#include <array>

#include "bench/trial/agreement.h"

namespace tpscale {
namespace {

constexpr std::size_t kLargestWorkingSet = std::size_t{1} << 30;  // beyond every cache: more changes nothing
constexpr std::size_t kCheapWorkingSet = std::size_t{64} << 20;   // filled in milliseconds
constexpr int kWindows = 3;

/// The best of a few windows that share `seconds`: what the device can do is what it does undisturbed.
template <class Probe>
double best_rate(Communicator& group, int windows, double seconds, Probe&& probe) {
  double best = 0.0;
  for (int window = 0; window < windows; ++window) {
    group.barrier();
    best = std::max(best, probe(seconds / windows));
  }
  group.barrier();
  return best;
}

void take_larger(std::vector<double>& into, const std::vector<double>& other) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] = std::max(into[i], other[i]);
}

}  // namespace

std::size_t probe_bytes(std::size_t working_set_bytes) noexcept {
  return std::min(working_set_bytes, kLargestWorkingSet);
}

DevicePeaks probe_device(Backend& backend, Communicator& group, Dtype dtype, std::size_t working_set_bytes,
                         double seconds) {
  DeviceProbe& probe = backend.probe();
  working_set_bytes = probe_bytes(working_set_bytes);
  const int read_windows = working_set_bytes <= kCheapWorkingSet ? kWindows : 1;
  const std::array mine{
      best_rate(group, read_windows, seconds,
                [&](double s) { return probe.read_bandwidth(working_set_bytes, s); }),
      best_rate(group, kWindows, seconds, [&](double s) { return probe.gemm_rate(dtype, s); }),
      best_rate(group, kWindows, seconds, [&](double s) { return probe.multiply_add_peak(dtype, s); })};
  DevicePeaks peaks;
  peaks.working_set_bytes = working_set_bytes;
  for (const auto& rank : gather(group, mine)) {
    peaks.read_bandwidth.push_back(rank[0]);
    peaks.gemm_rate.push_back(rank[1]);
    peaks.multiply_add_peak.push_back(rank[2]);
  }
  return peaks;
}

DevicePeaks larger(const DevicePeaks& a, const DevicePeaks& b) {
  DevicePeaks peaks = a;
  take_larger(peaks.read_bandwidth, b.read_bandwidth);
  take_larger(peaks.gemm_rate, b.gemm_rate);
  take_larger(peaks.multiply_add_peak, b.multiply_add_peak);
  return peaks;
}

const DevicePeaks& PeakCache::get(Backend& backend, Communicator& group, Dtype dtype,
                                  std::size_t working_set_bytes, double seconds) {
  const Key key{group.size(), working_set_bytes, dtype};
  const auto found = peaks_.find(key);
  if (found != peaks_.end()) return found->second;
  return peaks_.emplace(key, probe_device(backend, group, dtype, working_set_bytes, seconds)).first->second;
}

const DevicePeaks& PeakCache::again(Backend& backend, Communicator& group, Dtype dtype,
                                    std::size_t working_set_bytes, double seconds) {
  DevicePeaks& kept = peaks_.at(Key{group.size(), working_set_bytes, dtype});
  kept = larger(kept, probe_device(backend, group, dtype, working_set_bytes, seconds));
  return kept;
}

}  // namespace tpscale
