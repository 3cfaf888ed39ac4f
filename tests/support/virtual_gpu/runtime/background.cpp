#include "support/virtual_gpu/runtime/background.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "support/virtual_gpu/runtime/scheduler.h"

namespace tpscale::virtual_gpu {
namespace {

std::chrono::milliseconds patience() {
  const char* text = std::getenv("VIRTUAL_GPU_PATIENCE");
  return std::chrono::milliseconds(text != nullptr ? std::atoi(text) : 50);
}

void run_what_waits() {
  const auto limit = patience();
  Lock lock(machine().mutex);
  while (!machine().program_ends) {
    bool queued = false;
    bool progress = false;
    for (int device = 0; device < device_count(); ++device) {
      const Machine::Device& it = machine().devices[static_cast<std::size_t>(device)];
      if (!has_work(device)) continue;
      queued = true;
      const bool left_alone = it.hosts_at_work == 0 && std::chrono::steady_clock::now() - it.touched >= limit;
      if (left_alone) progress = run_anything(lock, device) || progress;
    }
    if (!queued) {
      machine().queued.wait(lock);
    } else if (!progress) {
      machine().queued.wait_for(lock, limit / 4);
    }
  }
}

}  // namespace

void keep_going(Lock&) {
  static const bool wanted = patience().count() > 0;
  static pid_t started_in = 0;  // a forked child has no threads but its own
  if (!wanted) return;
  machine().queued.notify_one();
  if (started_in == getpid()) return;
  if (started_in == 0) {
    std::atexit([] { machine().program_ends = true; });
  }
  started_in = getpid();
  std::thread(run_what_waits).detach();
}

}  // namespace tpscale::virtual_gpu
