#pragma once
#include <cstddef>
#include <map>
#include <tuple>
#include <vector>

#include "backend/backend.h"
#include "comm/communicator.h"
#include "core/dtype.h"

namespace tpscale {

/// What the ranks of a group reach, all of them at once; one value a rank.
struct DevicePeaks {
  std::vector<double> read_bandwidth;     ///< B/s, over a working set of `working_set_bytes`
  std::vector<double> gemm_rate;          ///< FLOP/s
  std::vector<double> multiply_add_peak;  ///< FLOP/s
  std::size_t working_set_bytes = 0;
};

/// Memory that probe_device needs beside what is measured.
std::size_t probe_bytes(std::size_t working_set_bytes) noexcept;

/// Probes each peak for about `seconds`, with barriers around, over at most 1 GiB. Collective over the group.
DevicePeaks probe_device(Backend& backend, Communicator& group, Dtype dtype, std::size_t working_set_bytes,
                         double seconds);

/// The larger of two measurements, rank by rank: a probe that something disturbed must not make a figure
/// implausible.
DevicePeaks larger(const DevicePeaks& a, const DevicePeaks& b);

/// Peaks measured once for each (degree, working set, dtype) of a launch; threads are the same throughout.
class PeakCache {
 public:
  const DevicePeaks& get(Backend& backend, Communicator& group, Dtype dtype, std::size_t working_set_bytes,
                         double seconds);
  /// Measures again and keeps the larger.
  const DevicePeaks& again(Backend& backend, Communicator& group, Dtype dtype, std::size_t working_set_bytes,
                           double seconds);

 private:
  using Key = std::tuple<int, std::size_t, Dtype>;
  std::map<Key, DevicePeaks> peaks_;
};

}  // namespace tpscale
