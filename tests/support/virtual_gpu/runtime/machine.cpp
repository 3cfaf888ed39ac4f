#include "support/virtual_gpu/runtime/machine.h"

#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "support/virtual_gpu/runtime/segfault.h"

namespace tpscale::virtual_gpu {
namespace {

constexpr std::size_t kMemoryBytes = std::size_t{1} << 30;

std::size_t memory_bytes_wanted() {
  const char* text = std::getenv("VIRTUAL_GPU_MEMORY");
  if (text == nullptr) return kMemoryBytes;
  char* unit = nullptr;
  const std::size_t number = std::strtoull(text, &unit, 10);
  switch (*unit) {
    case 'G':
      return number << 30U;
    case 'M':
      return number << 20U;
    case 'K':
      return number << 10U;
    default:
      return number;
  }
}

bool nobody_runs() {
  for (const Machine::Device& device : machine().devices) {
    if (device.default_stream.busy) return false;
  }
  return std::ranges::none_of(machine().streams, [](const CUstream_st* stream) { return stream->busy; });
}

}  // namespace

Machine::Machine() {
  // A child must not inherit a mutex that a thread which it has not got holds, nor work that such a thread is
  // at, nor conditions with such waiters.
  pthread_atfork(
      [] {
        Lock lock(machine().mutex);
        machine().changed.wait(lock, nobody_runs);
        lock.release();
      },
      [] { machine().mutex.unlock(); },
      [] {
        machine().mutex.unlock();
        new (&machine().changed) std::condition_variable;
        new (&machine().queued) std::condition_variable;
      });
  const char* text = std::getenv("VIRTUAL_GPU_DEVICES");
  devices = std::vector<Device>(text != nullptr ? std::strtoul(text, nullptr, 10) : 1);
  for (std::size_t device = 0; device < devices.size(); ++device) {
    devices[device].default_stream.device = static_cast<int>(device);
  }
  explain_segfaults();
}

Arena& Machine::memory(int device) {
  auto& memory = devices[static_cast<std::size_t>(device)].memory;
  if (memory == nullptr) {
    memory = std::make_unique<Arena>(device, memory_bytes_wanted());
    if (open > 0) memory->set_open(true);
  }
  return *memory;
}

std::optional<Allocation> Machine::find(const void* address) const {
  for (const Device& device : devices) {
    if (device.memory == nullptr) continue;
    if (auto allocation = device.memory->find(address)) return allocation;
  }
  return std::nullopt;
}

bool Machine::is_pinned(const void* address, std::size_t bytes) const {
  const auto* begin = static_cast<const std::byte*>(address);
  auto range = pinned.upper_bound(begin);
  if (range == pinned.begin()) return false;
  --range;
  return begin + bytes <= range->first + range->second.bytes;
}

void Machine::open_memory() {
  if (open++ > 0) return;
  for (Device& device : devices) {
    if (device.memory != nullptr) device.memory->set_open(true);
  }
}

void Machine::close_memory() {
  if (--open > 0) return;
  for (Device& device : devices) {
    if (device.memory != nullptr) device.memory->set_open(false);
  }
}

Machine& machine() {
  static auto* machine =
      new Machine;  // never destroyed: destructors of a program's statics may still call CUDA
  return *machine;
}

HostThread& host_thread() {
  thread_local HostThread thread;
  return thread;
}

int device_count() {
  return static_cast<int>(machine().devices.size());
}
int current_device() {
  return host_thread().device;
}
std::size_t memory_bytes(int device) {
  const Lock lock(machine().mutex);
  return machine().memory(device).bytes();
}
std::size_t memory_in_use(int device) {
  const Lock lock(machine().mutex);
  return machine().memory(device).in_use();
}
std::string device_uuid(int device) {
  char text[64];
  std::snprintf(text, sizeof text, "GPU-00000000-0000-0000-0000-%012d", device);
  return text;
}

}  // namespace tpscale::virtual_gpu
