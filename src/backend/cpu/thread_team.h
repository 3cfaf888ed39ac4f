#pragma once
#include <atomic>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

namespace tpscale::cpu {

/// The threads of one rank, alive as long as its backend. The calling thread is number 0. Work is divided by
/// number, never by who comes first, so that results do not depend on timing. Idle threads spin for a moment
/// (an op follows an op within microseconds), then sleep; where cores are shared they sleep at once.
class ThreadTeam {
 public:
  ThreadTeam(int threads, bool oversubscribed);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const noexcept { return static_cast<int>(workers_.size()) + 1; }

  /// Calls function(thread) on every thread; returns when all have. The function must not throw.
  template <class Function>
  void run(Function&& function) {
    using Type = std::remove_reference_t<Function>;
    run_task([](void* context, int thread) { (*static_cast<Type*>(context))(thread); },
             const_cast<void*>(static_cast<const void*>(&function)));
  }

  /// Calls function(begin, end, thread) with the thread's part of [0, count): equal parts in order, multiples
  /// of `grain`.
  template <class Function>
  void divide(std::int64_t count, std::int64_t grain, Function&& function) {
    if (count <= grain || size() == 1) {
      if (count > 0) function(std::int64_t{0}, count, 0);
      return;
    }
    const std::int64_t grains = (count + grain - 1) / grain;
    run([&](int thread) {
      const std::int64_t begin = grains * thread / size() * grain;
      const std::int64_t end = grains * (thread + 1) / size() * grain;
      if (begin < end) function(begin, end < count ? end : count, thread);
    });
  }

 private:
  using Task = void (*)(void* context, int thread);
  void run_task(Task task, void* context);
  void work(int thread);
  void await_generation(std::uint32_t seen);

  std::vector<std::thread> workers_;
  const int spins_;
  Task task_ = nullptr;
  void* context_ = nullptr;
  bool stopping_ = false;
  alignas(64) std::atomic<std::uint32_t> generation_{0};
  std::atomic<int> sleepers_{0};
  alignas(64) std::atomic<int> unfinished_{0};
};

}  // namespace tpscale::cpu
