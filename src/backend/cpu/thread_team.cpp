#include "backend/cpu/thread_team.h"

#include <pthread.h>
#include <sched.h>

#include "backend/cpu/spin.h"

namespace tpscale::cpu {
namespace {

constexpr int kIdleSpins = 2000;  // of about 25 ns

/// Gives each worker the core of its number where the process owns exactly as many cores as the team has
/// threads. The calling thread stays free: threads made by others later would inherit its mask.
void pin_workers(std::vector<std::thread>& workers) {
  cpu_set_t own;
  CPU_ZERO(&own);
  if (sched_getaffinity(0, sizeof own, &own) != 0) return;
  if (CPU_COUNT(&own) != static_cast<int>(workers.size()) + 1) return;
  int thread = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &own)) continue;
    if (thread > 0) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(core, &one);
      pthread_setaffinity_np(workers[static_cast<std::size_t>(thread - 1)].native_handle(), sizeof one, &one);
    }
    ++thread;
  }
}

}  // namespace

ThreadTeam::ThreadTeam(int threads, bool oversubscribed) : spins_(oversubscribed ? 0 : kIdleSpins) {
  for (int thread = 1; thread < threads; ++thread) {
    workers_.emplace_back([this, thread] { work(thread); });
  }
  if (threads > 1 && !oversubscribed) pin_workers(workers_);
}

ThreadTeam::~ThreadTeam() {
  stopping_ = true;
  generation_.fetch_add(1);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadTeam::run_task(Task task, void* context) {
  if (workers_.empty()) {
    task(context, 0);
    return;
  }
  task_ = task;
  context_ = context;
  unfinished_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1);  // sequentially consistent, like sleepers_: either it is seen, or the sleeper is
  if (sleepers_.load() > 0) generation_.notify_all();
  task(context, 0);
  for (int spin = 0; unfinished_.load(std::memory_order_acquire) != 0; ++spin) {
    if (spin < spins_) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
}

void ThreadTeam::await_generation(std::uint32_t seen) {
  for (int spin = 0; spin < spins_; ++spin) {
    if (generation_.load(std::memory_order_acquire) != seen) return;
    relax();
  }
  sleepers_.fetch_add(1);
  while (generation_.load() == seen) generation_.wait(seen);
  sleepers_.fetch_sub(1);
}

void ThreadTeam::work(int thread) {
  for (std::uint32_t seen = 0;; ++seen) {
    await_generation(seen);
    if (stopping_) return;
    task_(context_, thread);
    unfinished_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace tpscale::cpu
