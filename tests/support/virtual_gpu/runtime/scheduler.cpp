#include "support/virtual_gpu/runtime/scheduler.h"

#include <chrono>
#include <thread>

#include "support/virtual_gpu/runtime/background.h"
#include "support/virtual_gpu/runtime/capture.h"
#include "support/virtual_gpu/runtime/fault.h"
#include "support/virtual_gpu/runtime/random.h"

namespace tpscale::virtual_gpu {
namespace {

void for_each_stream(const std::function<void(CUstream_st&)>& visit) {
  for (auto& device : machine().devices) visit(device.default_stream);
  for (CUstream_st* stream : machine().streams) visit(*stream);
}

bool runnable(const CUstream_st& stream) {
  if (stream.busy || stream.queue.empty()) return false;
  const Operation& front = stream.queue.front();
  return front.step || !front.ready || front.ready();
}

std::vector<CUstream_st*> runnable_streams(int device) {
  std::vector<CUstream_st*> found;
  for_each_stream([&](CUstream_st& stream) {
    if (stream.device == device && runnable(stream)) found.push_back(&stream);
  });
  if (!found.empty()) return found;
  for_each_stream([&](CUstream_st& stream) {  // an event of another device may be what all wait for
    if (runnable(stream)) found.push_back(&stream);
  });
  return found;
}

/// One look at the front of the stream's queue; whether it is done.
bool run_front(Lock& lock, CUstream_st& stream) {
  Operation& front = stream.queue.front();
  stream.busy = true;
  machine().open_memory();
  lock.unlock();
  if (!front.step) front.step = begin(front, stream.device);
  const bool done = front.step();
  lock.lock();
  machine().close_memory();
  stream.busy = false;
  if (done && !stream.queue.empty()) {  // empty: the device broke meanwhile
    stream.queue.pop_front();
    ++stream.finished;
    if (stream.destroyed && stream.queue.empty()) {
      machine().streams.erase(&stream);
      delete &stream;
    }
  }
  machine().changed.notify_all();
  return done;
}

bool anyone_runs() {
  bool busy = false;
  for_each_stream([&](CUstream_st& stream) { busy = busy || stream.busy; });
  return busy;
}

/// While a host thread runs work of a device; the background leaves that device alone.
class HostAtWork {
 public:
  explicit HostAtWork(int device) : device_(machine().devices[static_cast<std::size_t>(device)]) {
    ++device_.hosts_at_work;
  }
  ~HostAtWork() {
    --device_.hosts_at_work;
    device_.touched = std::chrono::steady_clock::now();
  }
  HostAtWork(const HostAtWork&) = delete;
  HostAtWork& operator=(const HostAtWork&) = delete;

 private:
  Machine::Device& device_;
};

enum class Policy { kMixed, kTargetFirst, kTargetLast };

/// Most often the stream that is waited for runs ahead of the others: what it should have waited for then has
/// not happened.
Policy draw_policy() {
  const std::uint32_t number = draw_below(5);
  return number < 3 ? Policy::kTargetFirst : number == 3 ? Policy::kMixed : Policy::kTargetLast;
}

CUstream_st* choose(const std::vector<CUstream_st*>& streams, const CUstream_st* target, Policy policy) {
  CUstream_st* choice = streams[draw_below(static_cast<std::uint32_t>(streams.size()))];
  for (CUstream_st* stream : streams) {
    if (policy == Policy::kTargetFirst && stream == target) return stream;
    if (policy == Policy::kTargetLast && choice == target) choice = stream;
  }
  return choice;
}

}  // namespace

std::function<Step()> once(std::function<void()> work) {
  return [work = std::move(work)]() -> Step {
    return [&work] {
      work();
      return true;
    };
  };
}

Step begin(const Operation& operation, int device) {
  const int fault = take_fault(operation.kind);
  if (fault == kHang) {
    return [] { return false; };
  }
  if (fault != 0) {
    return [fault, device] {
      break_device(device, static_cast<cudaError_t>(fault));
      return true;
    };
  }
  return operation.begin();
}

cudaError_t submit(Lock& lock, CUstream_st& stream, Operation operation) {
  if (stream.capture != nullptr) return add_to_capture(stream, std::move(operation));
  auto& device = machine().devices[static_cast<std::size_t>(stream.device)];
  // CUDA C++ Programming Guide, "Default Stream"; Runtime API, "Stream synchronization behavior": the legacy
  // default stream "synchronizes with other blocking streams" on both sides.
  if (&stream == &device.default_stream) {
    if (any_blocking_capture(stream.device)) {
      invalidate_captures();
      return cudaErrorStreamCaptureImplicit;
    }
    run_blocking_streams(lock, stream.device);
  } else if ((stream.flags & cudaStreamNonBlocking) == 0) {
    run_stream(lock, device.default_stream);
  }
  stream.queue.push_back(std::move(operation));
  ++stream.queued;
  device.touched = std::chrono::steady_clock::now();
  keep_going(lock);
  run_a_little(lock, stream.device, 8);
  return cudaSuccess;
}

void run_until(Lock& lock, int device, const CUstream_st* target, const std::function<bool()>& done) {
  if (done()) return;
  const HostAtWork at_work(device);
  const auto policy = draw_policy();
  int looks_in_vain = 0;
  machine().open_memory();  // once for all: opening it again for each operation would cost more than a kernel
  while (!done()) {
    const auto streams = runnable_streams(device);
    if (streams.empty() && !anyone_runs()) {
      report_bug(
          "the host waits for work that nobody queued: a stream waits for an event that is never recorded");
    }
    if (streams.empty()) {
      machine().changed.wait_for(lock, std::chrono::milliseconds(10));
      continue;
    }
    looks_in_vain = run_front(lock, *choose(streams, target, policy)) ? 0 : looks_in_vain + 1;
    if (looks_in_vain > 2 * static_cast<int>(streams.size())) {  // all wait for other ranks
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      lock.lock();
    }
  }
  machine().close_memory();
}

void run_a_little(Lock& lock, int device, std::uint32_t one_in) {
  const HostAtWork at_work(device);
  if (draw_below(one_in) != 0) return;
  for (std::uint32_t left = 1 + draw_below(4); left > 0; --left) {
    const auto streams = runnable_streams(device);
    if (streams.empty() || !run_front(lock, *choose(streams, nullptr, Policy::kMixed))) return;
  }
}

bool has_work(int device) {
  bool found = false;
  for_each_stream(
      [&](CUstream_st& stream) { found = found || (stream.device == device && !stream.queue.empty()); });
  return found;
}

bool run_anything(Lock& lock, int device) {
  const auto streams = runnable_streams(device);
  return !streams.empty() && run_front(lock, *choose(streams, nullptr, Policy::kMixed));
}

void run_stream(Lock& lock, CUstream_st& stream) {
  run_until(lock, stream.device, &stream,
            [&stream, last = stream.queued] { return stream.finished >= last && !stream.busy; });
}

void run_device(Lock& lock, int device) {
  run_until(lock, device, nullptr, [device] {
    bool empty = true;
    for_each_stream([&](CUstream_st& stream) {
      if (stream.device == device) empty = empty && stream.queue.empty() && !stream.busy;
    });
    return empty;
  });
}

void run_blocking_streams(Lock& lock, int device) {
  run_until(lock, device, nullptr, [device] {
    bool empty = true;
    for_each_stream([&](CUstream_st& stream) {
      const bool waits = stream.device == device && (stream.flags & cudaStreamNonBlocking) == 0 &&
                         &stream != &machine().devices[static_cast<std::size_t>(device)].default_stream;
      if (waits) empty = empty && stream.queue.empty() && !stream.busy;
    });
    return empty;
  });
}

CUstream_st* find_stream(cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy || handle == cudaStreamPerThread) {
    return &machine().devices[static_cast<std::size_t>(host_thread().device)].default_stream;
  }
  const auto stream = machine().streams.find(handle);
  return stream == machine().streams.end() || (*stream)->destroyed ? nullptr : *stream;
}

void break_device(int device, cudaError_t error) {
  Lock lock(machine().mutex);
  machine().devices[static_cast<std::size_t>(device)].broken = error;
  for_each_stream([&](CUstream_st& stream) {
    if (stream.device != device) return;
    while (stream.queue.size() > (stream.busy ? 1U : 0U)) stream.queue.pop_back();
    stream.finished = stream.queued - stream.queue.size();
  });
  for (CUevent_st* event : machine().events) {
    if (event->records->device == device) event->records->completed = event->records->issued;
  }
  machine().changed.notify_all();
}

void enqueue(cudaStream_t handle, std::string name, std::function<void()> work) {
  enqueue_steps(handle, std::move(name), once(std::move(work)));
}

void enqueue_steps(cudaStream_t handle, std::string name, std::function<Step()> begin) {
  Lock lock(machine().mutex);
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) report_bug(name + " was given a stream that does not exist");
  submit(lock, *stream, {"work", std::move(name), std::move(begin), {}, {}});
}

int device_of(cudaStream_t handle) {
  const Lock lock(machine().mutex);
  const CUstream_st* stream = find_stream(handle);
  return stream == nullptr ? -1 : stream->device;
}

bool is_capturing(cudaStream_t handle) {
  const Lock lock(machine().mutex);
  const CUstream_st* stream = find_stream(handle);
  return stream != nullptr && stream->capture != nullptr;
}

}  // namespace tpscale::virtual_gpu
