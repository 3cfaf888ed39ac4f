#pragma once
#include <driver_types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "support/virtual_gpu/runtime/arena.h"
#include "support/virtual_gpu/runtime/stream.h"

namespace tpscale::virtual_gpu {

/// All devices of this process and what the calls of the runtime know of them. Every member is read and
/// written with the mutex held; work runs without it.
struct Machine {
  struct Device {
    std::unique_ptr<Arena> memory;  ///< made at the first use
    CUstream_st default_stream;
    cudaError_t broken = cudaSuccess;
    int hosts_at_work = 0;  ///< host threads that run its work now
    std::chrono::steady_clock::time_point touched = std::chrono::steady_clock::now();  ///< by a host thread
  };
  struct Pinned {
    std::size_t bytes = 0;
    bool owned = true;  ///< allocated here, not only registered
  };

  std::mutex mutex;
  std::condition_variable changed;  ///< some work ended
  std::condition_variable queued;   ///< some work came
  std::atomic<bool> program_ends{false};
  std::vector<Device> devices;
  std::map<const std::byte*, Pinned> pinned;
  std::set<CUstream_st*> streams;
  std::set<CUevent_st*> events;
  std::vector<std::shared_ptr<Capture>> captures;   ///< that have begun and not ended
  std::map<const void*, int> shared_bytes_allowed;  ///< cudaFuncAttributeMaxDynamicSharedMemorySize
  int open = 0;  ///< how many host threads run work now; device memory is accessible while it is not 0

  Machine();
  Arena& memory(int device);
  std::optional<Allocation> find(const void* address) const;
  bool is_pinned(const void* address, std::size_t bytes) const;
  void open_memory();
  void close_memory();
};

Machine& machine();
using Lock = std::unique_lock<std::mutex>;

/// What belongs to a host thread.
struct HostThread {
  int device = 0;
  cudaError_t last_error = cudaSuccess;
  cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;
};
HostThread& host_thread();

}  // namespace tpscale::virtual_gpu
