#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "support/virtual_gpu/stand_in.h"

// A stand-in for NVIDIA's management library, as a shared library of its name: the backend opens it at run
// time. Declarations and figures follow the "NVML API Reference Guide"; each function returns NVML_SUCCESS
// (0), NVML_ERROR_INVALID_ARGUMENT (2), NVML_ERROR_NOT_FOUND (6) or NVML_ERROR_INSUFFICIENT_SIZE (7) as it
// says there.

namespace vg = tpscale::virtual_gpu;

namespace {

constexpr int kSuccess = 0;
constexpr int kUninitialized = 1;
constexpr int kInvalidArgument = 2;
constexpr int kNotFound = 6;
constexpr int kInsufficientSize = 7;

int users = 0;  // nvmlInit_v2 and nvmlShutdown are counted: "the reference count of the initializations"

struct Memory {
  unsigned long long total, free, used;
};
struct Process {
  unsigned pid;
  unsigned long long used_memory;
  unsigned gpu_instance, compute_instance;
};

/// Handles are the device's number and one, so that nullptr is none.
int device_of_handle(void* handle) {
  return static_cast<int>(reinterpret_cast<std::size_t>(handle)) - 1;
}

int judge(void* handle, const void* result, const char* call) {
  if (const int code = vg::injected_fault(call); code != 0) return code;
  if (users == 0) return kUninitialized;
  const int device = device_of_handle(handle);
  return device < 0 || device >= vg::device_count() || result == nullptr ? kInvalidArgument : kSuccess;
}

int constant(void* handle, unsigned* result, unsigned value, const char* call) {
  const int status = judge(handle, result, call);
  if (status == kSuccess) *result = value;
  return status;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
  if (const int code = vg::injected_fault("nvmlInit_v2"); code != 0) return code;
  ++users;
  return kSuccess;
}

int nvmlShutdown() {
  if (users == 0) return kUninitialized;
  --users;
  return kSuccess;
}

int nvmlDeviceGetHandleByUUID(const char* uuid, void** handle) {
  if (users == 0) return kUninitialized;
  for (int device = 0; device < vg::device_count(); ++device) {
    if (vg::device_uuid(device) != uuid) continue;
    *handle = reinterpret_cast<void*>(static_cast<std::size_t>(device) + 1);
    return kSuccess;
  }
  return kNotFound;
}

int nvmlDeviceGetMemoryInfo(void* handle, Memory* memory) {
  if (const int status = judge(handle, memory, "nvmlDeviceGetMemoryInfo"); status != kSuccess) return status;
  const int device = device_of_handle(handle);
  memory->total = vg::memory_bytes(device);
  memory->used = vg::memory_in_use(device);
  memory->free = memory->total - memory->used;
  return kSuccess;
}

/// "infoCount: reference in which to provide the infos array size, and to return the number of returned
/// elements"; too small an array is NVML_ERROR_INSUFFICIENT_SIZE with the size needed.
int nvmlDeviceGetComputeRunningProcesses_v3(void* handle, unsigned* count, Process* processes) {
  const int status = judge(handle, count, "nvmlDeviceGetComputeRunningProcesses_v3");
  if (status != kSuccess) return status;
  const unsigned room = *count;
  *count = 1;
  if (room < 1) return kInsufficientSize;
  processes[0] = {static_cast<unsigned>(getpid()), vg::memory_in_use(device_of_handle(handle)), 0xFFFFFFFFU,
                  0xFFFFFFFFU};
  return kSuccess;
}

int nvmlDeviceGetClockInfo(void* handle, unsigned type, unsigned* megahertz) {
  return constant(handle, megahertz, type == 2 ? 2000 : 1000, "nvmlDeviceGetClockInfo");
}

int nvmlDeviceGetMaxClockInfo(void* handle, unsigned type, unsigned* megahertz) {
  return constant(handle, megahertz, type == 2 ? 2000 : 1500, "nvmlDeviceGetMaxClockInfo");
}

int nvmlDeviceGetTemperature(void* handle, unsigned /*sensor*/, unsigned* celsius) {
  return constant(handle, celsius, 40, "nvmlDeviceGetTemperature");
}

int nvmlDeviceGetPowerUsage(void* handle, unsigned* milliwatts) {
  return constant(handle, milliwatts, 100'000, "nvmlDeviceGetPowerUsage");
}

/// The virtual device is never held down, unless VIRTUAL_GPU_FAIL gives this call a "code": those bits then.
int nvmlDeviceGetCurrentClocksThrottleReasons(void* handle, unsigned long long* bits) {
  const int injected = vg::injected_fault("nvmlDeviceGetCurrentClocksThrottleReasons");
  const int status = judge(handle, bits, "");
  if (status == kSuccess) *bits = static_cast<unsigned long long>(injected);
  return status;
}

int nvmlSystemGetDriverVersion(char* text, unsigned length) {
  if (users == 0) return kUninitialized;
  const int written = std::snprintf(text, length, "virtual");
  return written < 0 || static_cast<unsigned>(written) >= length ? kInsufficientSize : kSuccess;
}

}  // extern "C"
