#pragma once
#include <cstddef>
#include <string>

namespace tpscale::cuda {

/// What kernels and their work splits need to know of the device, and what is worth storing of it.
struct CudaDevice {
  int ordinal = 0;
  int compute_major = 0;
  int compute_minor = 0;
  int multiprocessors = 1;
  std::size_t shared_bytes_per_block = 48 * 1024;  ///< the most a block may ask for
  std::size_t l2_bytes = 0;
  std::size_t total_bytes = 0;
  std::string name;
  std::string uuid;        ///< "GPU-..." as NVML writes it
  std::string pci_bus_id;  ///< "0000:3b:00.0"
  int visible_devices = 1;
};

/// Why there is no device to use here, in words for a user; empty where there is one.
std::string why_no_device();

/// Number of devices this process sees; 0 for every way in which CUDA says "no GPU".
int visible_devices();

/// Makes device (local_rank modulo the number of devices) the calling thread's current one and describes it.
/// Throws NotAvailableError where there is none, or it cannot be used.
CudaDevice open_device(int local_rank);

}  // namespace tpscale::cuda
