#pragma once
#include <cstddef>
#include <string>

namespace tpscale::cuda {

/// What kernels and their work splits need to know of the device.
struct CudaDevice {
  int ordinal = 0;
  int compute_major = 0;
  int compute_minor = 0;
  int multiprocessors = 1;
  std::size_t shared_bytes_per_block = 48 * 1024;  ///< the most a block may ask for
  std::size_t l2_bytes = 0;
  std::string name;
  std::string uuid;  ///< "GPU-..." as NVML writes it
};

}  // namespace tpscale::cuda
