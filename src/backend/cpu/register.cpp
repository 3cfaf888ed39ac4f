#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/cpu_features.h"

namespace tpscale::cpu {
namespace {

[[maybe_unused]] const bool kRegistered = backend_registry().add(
    "cpu", "the host's cores, with kernels of our own or oneDNN's",
    [](const BackendOptions& options, const DevicePlace& place) -> std::unique_ptr<Backend> {
      return std::make_unique<CpuBackend>(options, place, chosen_isa(options.instruction_set));
    });

}  // namespace
}  // namespace tpscale::cpu
