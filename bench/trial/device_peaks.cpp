#include "bench/trial/device_peaks.h"

#include <algorithm>
#include <array>

#include "bench/trial/agreement.h"

namespace tpscale {
namespace {

template <class Probe>
double between_barriers(Communicator& group, Probe&& probe) {
  group.barrier();
  const double rate = probe();
  group.barrier();
  return rate;
}

void take_larger(std::vector<double>& into, const std::vector<double>& other) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] = std::max(into[i], other[i]);
}

}  // namespace

DevicePeaks probe_device(Backend& backend, Communicator& group, Dtype dtype, std::size_t working_set_bytes,
                         double seconds) {
  DeviceProbe& probe = backend.probe();
  const std::array mine{
      between_barriers(group, [&] { return probe.read_bandwidth(working_set_bytes, seconds); }),
      between_barriers(group, [&] { return probe.gemm_rate(dtype, seconds); }),
      between_barriers(group, [&] { return probe.multiply_add_peak(dtype, seconds); })};
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
