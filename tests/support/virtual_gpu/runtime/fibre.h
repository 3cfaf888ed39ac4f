#pragma once
#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace tpscale::virtual_gpu {

/// Stacks side by side, a page that faults below each. The sanitizer is told that all of them are one stack,
/// so that it need not hear of a switch between two.
class FibreStacks {
 public:
  FibreStacks();
  ~FibreStacks();
  FibreStacks(const FibreStacks&) = delete;
  FibreStacks& operator=(const FibreStacks&) = delete;

 private:
  friend class Fibre;
  std::byte* take();  ///< the bottom of one more
  std::byte* mapping_ = nullptr;
  std::size_t taken_ = 0;
  void* fake_stack_ = nullptr;  ///< the sanitizer's
};

/// A stack of its own and the place where it was left. The host thread's own stack is one too (`Fibre()`).
class Fibre {
 public:
  using Entry = void (*)(void* argument);

  Fibre() = default;  ///< the stack that runs now
  /// Begins with entry(argument), which must not return.
  Fibre(FibreStacks& stacks, Entry entry, void* argument);
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;

  /// Leaves the fibre that runs now, kept in `from`, and goes on where this one was left.
  void switch_from(Fibre& from);

 private:
  static void begin();
  void announce(Fibre& from);
  void arrived();

  FibreStacks* stacks_ = nullptr;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  const void* host_bottom_ = nullptr;  ///< what the sanitizer knows of the host thread's stack
  std::size_t host_bytes_ = 0;
  void* host_fake_stack_ = nullptr;
#if defined(__x86_64__)
  void* stack_pointer_ = nullptr;
#else
  ucontext_t context_{};
#endif
};

}  // namespace tpscale::virtual_gpu
