#pragma once
#include <memory>
#include <optional>
#include <source_location>
#include <vector>

#include "support/virtual_gpu/runtime/async_copy.h"
#include "support/virtual_gpu/runtime/fibre.h"
#include "support/virtual_gpu/runtime/kernel.h"
#include "support/virtual_gpu/runtime/warp.h"

namespace tpscale::virtual_gpu {

/// Runs the threads of one block after the other on one host thread, until each meets the others or ends. A
/// thread that never waits costs no switch: fibres are taken only by threads that do.
class Block {
 public:
  Block();
  ~Block();

  static Block& of_this_host_thread();
  static Block* running();  ///< nullptr outside a kernel

  void run(const Kernel& kernel, dim3 index);

  void meet_block(std::source_location place);
  void meet_warp(unsigned mask, const char* what, void* lane, Finish finish, std::source_location place);
  int lane() const { return current_ % 32; }
  const Warp& warp() const { return warps_[static_cast<std::size_t>(current_ / 32)]; }
  AsyncCopies& copies() { return threads_[static_cast<std::size_t>(current_)].copies; }
  void* shared_memory() { return shared_memory_; }
  std::string describe_current() const;

 private:
  struct Thread {
    Fibre* fibre = nullptr;  ///< holds its frames while it waits
    const char* waits_in = nullptr;
    std::source_location place;
    AsyncCopies copies;
  };

  static void fibre_entry(void* block);
  [[noreturn]] void work();
  int choose();
  void begin_thread(int thread);
  void end_thread();
  void wait(const char* what, std::source_location place);
  void go_to(int thread, Fibre& from);
  Fibre& idle_fibre();
  void make_runnable(int thread);
  void number_threads(dim3 block);
  std::string describe(int thread) const;
  [[noreturn]] void report_deadlock() const;
  void prepare_shared_memory();

  const Kernel* kernel_ = nullptr;
  dim3 index_;
  int size_ = 0;
  int current_ = -1;
  int done_ = 0;
  int at_barrier_ = 0;
  std::source_location barrier_place_;
  int first_at_barrier_ = -1;
  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  const Warp* chosen_ = nullptr;  ///< goes on while it can: no other warp's chances have changed
  dim3 numbered_{0, 0, 0};
  std::vector<uint3> indices_;  ///< threadIdx of every thread of a block of `numbered_`
  FibreStacks stacks_;
  Fibre host_;
  Fibre* fibre_ = nullptr;  ///< that runs now
  std::vector<std::unique_ptr<Fibre>> fibres_;
  std::vector<Fibre*> idle_;
  int handed_over_ = -1;  ///< the thread that an idle fibre begins when it is resumed
  void* shared_memory_ = nullptr;
};

}  // namespace tpscale::virtual_gpu
