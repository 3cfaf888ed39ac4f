#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "backend/backend.h"

namespace tpscale::cuda {

/// A device's memory as NVML counts it.
struct NvmlMemory {
  std::size_t used_bytes = 0;     ///< by everybody, the driver's reserve included
  std::size_t process_bytes = 0;  ///< by this process; 0 where NVML does not tell (in a container)
};

/// One device as NVIDIA's management library sees it. The library comes with the driver and is opened at run
/// time: where it is missing, only its figures are. Any thread may call; a figure that NVML refuses is zero.
class NvmlDevice {
 public:
  /// nullptr where there is no NVML, or it does not know the device.
  static std::unique_ptr<NvmlDevice> open(const std::string& uuid);
  ~NvmlDevice();
  NvmlDevice(const NvmlDevice&) = delete;
  NvmlDevice& operator=(const NvmlDevice&) = delete;

  /// Nothing where the device does not even tell its memory: it is gone, or the driver is.
  std::optional<DeviceState> sample() const;
  NvmlMemory memory() const;
  double most_sm_hz() const;
  double most_memory_hz() const;
  std::string driver_version() const;  ///< "580.65.06"

 private:
  struct Library;
  NvmlDevice(std::unique_ptr<Library> library, void* device);

  std::unique_ptr<Library> library_;
  void* device_;
};

/// The names of NVML's nvmlClocksThrottleReasons bits, joined by '+'; an idle GPU is not held down by
/// anything.
std::string throttle_reasons(std::uint64_t bits);

}  // namespace tpscale::cuda
