#pragma once
#include <cstddef>

#include "core/dtype.h"

namespace tpscale {

/// What the device really reaches, measured in this launch with the rank's own threads. Results of every
/// probe are consumed by a checksum, data are random. `seconds` is about how long a probe may take. All the
/// ranks that will work together probe at once (the caller puts barriers around), so that shared bandwidth is
/// shared.
class DeviceProbe {
 public:
  virtual ~DeviceProbe() = default;
  virtual double read_bandwidth(std::size_t working_set_bytes, double seconds) = 0;  ///< B/s
  virtual double copy_bandwidth(std::size_t working_set_bytes,
                                double seconds) = 0;  ///< B/s, read and written bytes both counted
  virtual double multiply_add_peak(Dtype dtype, double seconds) = 0;  ///< FLOP/s, from registers
  virtual double gemm_rate(Dtype dtype, double seconds) = 0;          ///< FLOP/s of the best large GEMM
};

}  // namespace tpscale
