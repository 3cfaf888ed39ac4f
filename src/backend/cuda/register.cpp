#include "backend/cuda/cuda_backend.h"
#include "backend/cuda/cuda_device.h"

namespace tpscale::cuda {
namespace {

[[maybe_unused]] const bool kRegistered = backend_registry().add(
    "cuda", "NVIDIA GPUs, with kernels of our own and cuBLASLt",
    [](const BackendOptions&, const DevicePlace& place) -> std::unique_ptr<Backend> {
      return std::make_unique<CudaBackend>(place);
    },
    why_no_device);

}  // namespace
}  // namespace tpscale::cuda
