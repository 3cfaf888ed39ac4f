#pragma once
#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace tpscale::virtual_gpu {

/// A stack of its own and the place where it was left. The host thread's own stack is one too (`Fibre()`).
class Fibre {
 public:
  using Entry = void (*)(void* argument);

  Fibre() = default;                   ///< the stack that runs now
  Fibre(Entry entry, void* argument);  ///< begins with entry(argument), which must not return
  ~Fibre();
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;

  /// Leaves the fibre that runs now, kept in `from`, and goes on where this one was left.
  void switch_from(Fibre& from);

 private:
  static void begin();
  void arrived();

  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  void* mapping_ = nullptr;
  const void* stack_bottom_ = nullptr;  ///< what the sanitizer must know of the stack
  std::size_t stack_bytes_ = 0;
  void* fake_stack_ = nullptr;
#if defined(__x86_64__)
  void* stack_pointer_ = nullptr;
#else
  ucontext_t context_{};
#endif
};

}  // namespace tpscale::virtual_gpu
