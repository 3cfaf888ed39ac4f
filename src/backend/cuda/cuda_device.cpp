#include "backend/cuda/cuda_device.h"

#include <cuda_runtime_api.h>

#include <array>
#include <cstdio>

#include "backend/cuda/cuda_error.h"

namespace tpscale::cuda {
namespace {

constexpr int kOldestMajor = 8;  // the instructions the kernels are written with: mma of bf16, cp.async

std::string runtime_version() {
  int version = 0;
  cudaRuntimeGetVersion(&version);
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

struct Count {
  int devices = 0;
  std::string why_none;
};

Count count_devices() {
  Count count;
  const cudaError_t status = cudaGetDeviceCount(&count.devices);
  if (status == cudaSuccess) {
    if (count.devices == 0) count.why_none = "CUDA sees no GPU on this machine";
    return count;
  }
  cudaGetLastError();
  count.devices = 0;
  if (status == cudaErrorNoDevice) {
    count.why_none = "CUDA sees no GPU on this machine (is CUDA_VISIBLE_DEVICES right?)";
  } else if (status == cudaErrorInsufficientDriver) {
    count.why_none = "no NVIDIA driver on this machine, or one too old for CUDA " + runtime_version();
  } else if (status == cudaErrorStubLibrary) {
    count.why_none = "only the stub of NVIDIA's driver is on this machine";
  } else {
    count.why_none = std::string("CUDA cannot start: ") + cudaGetErrorString(status);
  }
  return count;
}

std::string uuid_text(const cudaUUID_t& uuid) {
  std::string text = "GPU";
  for (int i = 0; i < 16; ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    std::array<char, 3> hex{};
    std::snprintf(hex.data(), hex.size(), "%02x", static_cast<unsigned char>(uuid.bytes[i]));
    text += hex.data();
  }
  return text;
}

std::string pci_text(const cudaDeviceProp& properties) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.0", static_cast<unsigned>(properties.pciDomainID),
                static_cast<unsigned>(properties.pciBusID), static_cast<unsigned>(properties.pciDeviceID));
  return text.data();
}

}  // namespace

std::string why_no_device() {
  return count_devices().why_none;
}

int visible_devices() {
  return count_devices().devices;
}

CudaDevice open_device(int local_rank) {
  const Count count = count_devices();
  if (count.devices == 0) throw NotAvailableError("backend 'cuda' is not available: " + count.why_none);
  CudaDevice device;
  device.ordinal = local_rank % count.devices;
  device.visible_devices = count.devices;
  const std::string which = "GPU " + std::to_string(device.ordinal);
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, device.ordinal), "asking a GPU for its properties");
  device.compute_major = properties.major;
  device.compute_minor = properties.minor;
  device.multiprocessors = properties.multiProcessorCount;
  device.shared_bytes_per_block = properties.sharedMemPerBlockOptin;
  device.l2_bytes = static_cast<std::size_t>(properties.l2CacheSize);
  device.total_bytes = properties.totalGlobalMem;
  device.name = properties.name;
  device.uuid = uuid_text(properties.uuid);
  device.pci_bus_id = pci_text(properties);
  if (device.compute_major < kOldestMajor) {
    throw NotAvailableError(which + " (" + device.name + ") has compute capability " +
                            std::to_string(device.compute_major) + "." +
                            std::to_string(device.compute_minor) +
                            ", and the kernels need 8.0 or newer: use --backend cpu or another GPU");
  }
  cudaError_t status = cudaSetDevice(device.ordinal);
  if (status == cudaSuccess) status = cudaFree(nullptr);  // makes the context, so that errors show here
  if (status != cudaSuccess) {
    cudaGetLastError();
    throw NotAvailableError(which + " (" + device.name + ") cannot be used: " + cudaGetErrorString(status) +
                            "; is another process holding it?");
  }
  return device;
}

}  // namespace tpscale::cuda
