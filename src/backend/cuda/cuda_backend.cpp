#include "backend/cuda/cuda_backend.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "backend/cuda/cuda_error.h"
#include "backend/cuda/cuda_fetch.h"
#include "backend/cuda/cuda_graph.h"
#include "backend/cuda/cuda_transfer.h"
#include "backend/cuda/nvtx.h"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

struct FreeMemory {
  std::size_t free = 0;
  std::size_t total = 0;
};

FreeMemory free_memory() {
  FreeMemory memory;
  check_cuda(cudaMemGetInfo(&memory.free, &memory.total), "asking for the device's free memory");
  return memory;
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string megahertz(double hertz) {
  return std::to_string(static_cast<long long>(hertz * 1e-6)) + " MHz";
}

}  // namespace

CudaBackend::CudaBackend(const DevicePlace& place)
    : place_(place),
      device_(open_device(place.local_rank)),
      memory_(stream_.get()),
      staging_(stream_, pinned_),
      linear_(memory_, stream_, device_),
      ops_(memory_, stream_, staging_, device_, linear_),
      probe_(memory_, stream_, device_),
      nvml_(NvmlDevice::open(device_.uuid)) {}

CudaBackend::~CudaBackend() {
  cudaStreamSynchronize(
      stream_.get());  // what still runs may use what goes now; an error has been told before
}

std::map<std::string, std::string> CudaBackend::facts() const {
  int driver = 0;
  int runtime = 0;
  check_cuda(cudaDriverGetVersion(&driver), "asking for the driver's version");
  check_cuda(cudaRuntimeGetVersion(&runtime), "asking for the runtime's version");
  std::map<std::string, std::string> facts = linear_.facts();
  facts["cuda_driver"] = version_text(driver);
  facts["cuda_runtime"] = version_text(runtime);
  facts["cublas_lt"] = cublas_lt_version();
  facts["compute_capability"] =
      std::to_string(device_.compute_major) + "." + std::to_string(device_.compute_minor);
  facts["multiprocessors"] = std::to_string(device_.multiprocessors);
  facts["l2_bytes"] = std::to_string(device_.l2_bytes);
  facts["device_bytes"] = std::to_string(device_.total_bytes);
  facts["pci_bus_id"] = device_.pci_bus_id;
  facts["uuid"] = device_.uuid;
  facts["visible_devices"] = std::to_string(device_.visible_devices);
  facts["device_sharing"] = place_.local_size > device_.visible_devices
                                ? std::to_string(place_.local_size) + " ranks take " +
                                      std::to_string(device_.visible_devices) + " visible devices in turn"
                                : "none";
  facts["nvml"] = nvml_ ? "open" : "not available: no clocks, temperature, power";
  if (nvml_) {
    facts["driver"] = nvml_->driver_version();
    facts["most_clock_sm"] = megahertz(nvml_->most_sm_hz());
    facts["most_clock_memory"] = megahertz(nvml_->most_memory_hz());
  }
  return facts;
}

std::size_t CudaBackend::used_bytes() const {
  if (nvml_) {
    const NvmlMemory memory = nvml_->memory();
    if (memory.process_bytes > 0) return memory.process_bytes;
    if (memory.used_bytes > 0) return memory.used_bytes;
  }
  const FreeMemory memory = free_memory();
  return memory.total - memory.free;
}

DeviceMemory CudaBackend::device_memory() const {
  const std::size_t used = used_bytes();
  const MemoryUse own = memory_.tracker().use();
  // The driver tells no peak: what is in use now and what our own allocator held more than now.
  const std::size_t peak = used + (own.peak - std::min(own.peak, own.total));
  std::size_t highest = peak_bytes_.load();
  while (highest < peak && !peak_bytes_.compare_exchange_weak(highest, peak)) {
  }
  const FreeMemory memory = free_memory();
  return {used, std::max(peak, highest), memory.free, memory.total};
}

void CudaBackend::reset_peak() {
  memory().reset_peak();
  peak_bytes_ = used_bytes();
}

Buffer CudaBackend::allocate(std::size_t bytes, MemoryKind kind) {
  check(!recording_, "a step that is being recorded allocates");
  return memory_.allocate(bytes, kind);
}

void CudaBackend::upload(void* device, const void* host, std::size_t bytes) {
  check(!recording_, "a step that is being recorded uploads: the graph would repeat today's values");
  staging_.upload(device, host, bytes);
}

void CudaBackend::download(void* host, const void* device, std::size_t bytes) {
  check(!recording_, "a step that is being recorded waits for a copy to the host");
  if (!pinned_.holds(host, bytes)) return staging_.download(host, device, bytes);
  check_cuda(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream_.get()),
             "copying from the device");
  stream_.synchronize();
}

std::unique_ptr<HostFetch> CudaBackend::make_fetch(std::size_t capacity) {
  return std::make_unique<CudaFetch>(stream_, pinned_.allocate(capacity), capacity);
}

std::unique_ptr<Transfer> CudaBackend::make_transfer(std::size_t most_bytes, std::size_t most_pieces) {
  return std::make_unique<CudaTransfer>(device_, memory_, pinned_, most_bytes, most_pieces);
}

std::optional<DeviceState> CudaBackend::device_state() const {
  return nvml_ ? nvml_->sample() : std::nullopt;
}

void CudaBackend::range_push(const char* name) noexcept {
  nvtx_push(name);
}

void CudaBackend::range_pop() noexcept {
  nvtx_pop();
}

std::unique_ptr<StepGraph> CudaBackend::capture(std::function<void()> step) {
  struct Recording {
    bool& on;
    explicit Recording(bool& flag) : on(flag) { on = true; }
    ~Recording() { on = false; }
  };
  return std::make_unique<CudaGraph>(stream_, [&] {
    const Recording recording(recording_);
    step();
  });
}

}  // namespace tpscale::cuda
