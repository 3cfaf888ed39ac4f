#include "backend/cuda/nvml.h"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

namespace tpscale::cuda {
namespace {

// The toolkit has no header of NVML: types and constants as the "NVML API Reference Guide" gives them.
using NvmlReturn = int;
using NvmlHandle = void*;
constexpr NvmlReturn kSuccess = 0;           // NVML_SUCCESS
constexpr NvmlReturn kInsufficientSize = 7;  // NVML_ERROR_INSUFFICIENT_SIZE
constexpr unsigned kClockSm = 1;             // NVML_CLOCK_SM
constexpr unsigned kClockMemory = 2;         // NVML_CLOCK_MEM
constexpr unsigned kTemperatureGpu = 0;      // NVML_TEMPERATURE_GPU

struct MemoryInfo {  // nvmlMemory_t
  unsigned long long total, free, used;
};
struct ProcessInfo {  // nvmlProcessInfo_t
  unsigned pid;
  unsigned long long used_memory;  // all bits set: not available
  unsigned gpu_instance, compute_instance;
};
constexpr unsigned long long kNotAvailable = ~0ULL;

constexpr std::array<std::pair<std::uint64_t, const char*>, 8> kReasons{{{0x2, "application_clocks"},
                                                                         {0x4, "power_cap"},
                                                                         {0x8, "hardware_slowdown"},
                                                                         {0x10, "sync_boost"},
                                                                         {0x20, "software_thermal"},
                                                                         {0x40, "hardware_thermal"},
                                                                         {0x80, "power_brake"},
                                                                         {0x100, "display_clocks"}}};

}  // namespace

std::string throttle_reasons(std::uint64_t bits) {
  std::string text;
  for (const auto& [bit, name] : kReasons) {
    if ((bits & bit) != 0) text += (text.empty() ? "" : "+") + std::string(name);
  }
  return text;
}

struct NvmlDevice::Library {
  Library() : handle(dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)) {
    if (handle == nullptr) return;
    complete = load(init, "nvmlInit_v2") && load(shutdown, "nvmlShutdown") &&
               load(by_uuid, "nvmlDeviceGetHandleByUUID") && load(memory, "nvmlDeviceGetMemoryInfo") &&
               load(processes, "nvmlDeviceGetComputeRunningProcesses_v3") &&
               load(clock, "nvmlDeviceGetClockInfo") && load(most_clock, "nvmlDeviceGetMaxClockInfo") &&
               load(temperature, "nvmlDeviceGetTemperature") && load(power, "nvmlDeviceGetPowerUsage") &&
               load(reasons, "nvmlDeviceGetCurrentClocksThrottleReasons") &&
               load(driver_version, "nvmlSystemGetDriverVersion");
    started = complete && init() == kSuccess;
  }
  ~Library() {
    if (started) shutdown();
    if (handle != nullptr) dlclose(handle);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  template <class Function>
  bool load(Function*& function, const char* name) {
    function = reinterpret_cast<Function*>(dlsym(handle, name));
    return function != nullptr;
  }

  void* handle;
  bool complete = false;
  bool started = false;
  NvmlReturn (*init)() = nullptr;
  NvmlReturn (*shutdown)() = nullptr;
  NvmlReturn (*by_uuid)(const char*, NvmlHandle*) = nullptr;
  NvmlReturn (*memory)(NvmlHandle, MemoryInfo*) = nullptr;
  NvmlReturn (*processes)(NvmlHandle, unsigned*, ProcessInfo*) = nullptr;
  NvmlReturn (*clock)(NvmlHandle, unsigned, unsigned*) = nullptr;
  NvmlReturn (*most_clock)(NvmlHandle, unsigned, unsigned*) = nullptr;
  NvmlReturn (*temperature)(NvmlHandle, unsigned, unsigned*) = nullptr;
  NvmlReturn (*power)(NvmlHandle, unsigned*) = nullptr;
  NvmlReturn (*reasons)(NvmlHandle, unsigned long long*) = nullptr;
  NvmlReturn (*driver_version)(char*, unsigned) = nullptr;
};

NvmlDevice::NvmlDevice(std::unique_ptr<Library> library, void* device)
    : library_(std::move(library)), device_(device) {}

NvmlDevice::~NvmlDevice() = default;

std::unique_ptr<NvmlDevice> NvmlDevice::open(const std::string& uuid) {
  auto library = std::make_unique<Library>();
  void* device = nullptr;
  if (!library->started || library->by_uuid(uuid.c_str(), &device) != kSuccess) return nullptr;
  return std::unique_ptr<NvmlDevice>(new NvmlDevice(std::move(library), device));
}

std::optional<DeviceState> NvmlDevice::sample() const {
  MemoryInfo info{};
  if (library_->memory(device_, &info) != kSuccess) return std::nullopt;
  DeviceState state;
  state.used_bytes = info.used;
  unsigned value = 0;
  if (library_->clock(device_, kClockSm, &value) == kSuccess) state.clock_sm_hz = value * 1e6;
  if (library_->clock(device_, kClockMemory, &value) == kSuccess) state.clock_memory_hz = value * 1e6;
  if (library_->temperature(device_, kTemperatureGpu, &value) == kSuccess) state.temperature_c = value;
  if (library_->power(device_, &value) == kSuccess) state.power_w = value * 1e-3;
  unsigned long long bits = 0;
  if (library_->reasons(device_, &bits) == kSuccess) state.throttle_reasons = throttle_reasons(bits);
  return state;
}

NvmlMemory NvmlDevice::memory() const {
  NvmlMemory memory;
  MemoryInfo info{};
  if (library_->memory(device_, &info) == kSuccess) memory.used_bytes = info.used;
  std::vector<ProcessInfo> list(64);
  auto count = static_cast<unsigned>(list.size());
  NvmlReturn status = library_->processes(device_, &count, list.data());
  if (status == kInsufficientSize) {
    list.resize(count + 16);
    count = static_cast<unsigned>(list.size());
    status = library_->processes(device_, &count, list.data());
  }
  if (status != kSuccess) return memory;
  for (unsigned i = 0; i < count && i < list.size(); ++i) {
    if (list[i].pid == static_cast<unsigned>(getpid()) && list[i].used_memory != kNotAvailable)
      memory.process_bytes += list[i].used_memory;
  }
  return memory;
}

double NvmlDevice::most_sm_hz() const {
  unsigned value = 0;
  return library_->most_clock(device_, kClockSm, &value) == kSuccess ? value * 1e6 : 0.0;
}

double NvmlDevice::most_memory_hz() const {
  unsigned value = 0;
  return library_->most_clock(device_, kClockMemory, &value) == kSuccess ? value * 1e6 : 0.0;
}

std::string NvmlDevice::driver_version() const {
  std::array<char, 96> text{};
  const bool told = library_->driver_version(text.data(), static_cast<unsigned>(text.size())) == kSuccess;
  return told ? std::string(text.data()) : std::string();
}

}  // namespace tpscale::cuda
