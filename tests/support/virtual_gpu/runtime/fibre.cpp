#include "support/virtual_gpu/runtime/fibre.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "support/virtual_gpu/runtime/sanitizer.h"

#if defined(__x86_64__)
// Saves what the System V ABI asks a callee to keep, and nothing else: 10 ns instead of ucontext's 300, which
// asks the kernel for the signal mask.
extern "C" void tpscale_virtual_gpu_switch(void** save, void* load);
asm(R"(
.text
.globl tpscale_virtual_gpu_switch
.hidden tpscale_virtual_gpu_switch
.type tpscale_virtual_gpu_switch, @function
tpscale_virtual_gpu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size tpscale_virtual_gpu_switch, .-tpscale_virtual_gpu_switch
)");
#endif

namespace tpscale::virtual_gpu {
namespace {

constexpr std::size_t kMostStacks = 1025;  // of a block's threads, and one that is idle
// A sanitizer's frames are several times as large.
constexpr std::size_t kStackBytes = TPSCALE_VIRTUAL_GPU_ASAN != 0 ? 256 * 1024 : 64 * 1024;
constexpr std::size_t kGuardBytes = 64 * 1024;  // whole pages, whatever their size
constexpr std::size_t kPitch = kStackBytes + kGuardBytes;
thread_local Fibre* entering = nullptr;
thread_local Fibre* leaving = nullptr;  // where the sanitizer was told of the switch

}  // namespace

FibreStacks::FibreStacks() {
  void* mapping =
      mmap(nullptr, kMostStacks * kPitch, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<std::byte*>(mapping);
}

FibreStacks::~FibreStacks() {
  unpoison(mapping_, taken_ * kPitch);
  munmap(mapping_, kMostStacks * kPitch);
}

std::byte* FibreStacks::take() {
  if (taken_ == kMostStacks) throw std::bad_alloc();
  std::byte* bottom = mapping_ + taken_ * kPitch + kGuardBytes;
  if (mprotect(bottom, kStackBytes, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  ++taken_;
  return bottom;
}

Fibre::Fibre(FibreStacks& stacks, Entry entry, void* argument)
    : stacks_(&stacks), entry_(entry), argument_(argument) {
  std::byte* bottom = stacks.take();
#if defined(__x86_64__)
  auto* top = reinterpret_cast<std::uintptr_t*>(bottom + kStackBytes);
  *--top = 0;  // the return address of begin(), which never returns
  *--top = reinterpret_cast<std::uintptr_t>(&Fibre::begin);
  for (int saved = 0; saved < 6; ++saved) *--top = 0;
  stack_pointer_ = top;
#else
  getcontext(&context_);
  context_.uc_stack.ss_sp = bottom;
  context_.uc_stack.ss_size = kStackBytes;
  makecontext(&context_, &Fibre::begin, 0);
#endif
}

void Fibre::begin() {
  entering->arrived();
  entering->entry_(entering->argument_);
}

/// Between the host thread's stack and one of a block.
void Fibre::announce([[maybe_unused]] Fibre& from) {
#if TPSCALE_VIRTUAL_GPU_ASAN
  leaving = &from;
  void** kept = from.stacks_ != nullptr ? &from.stacks_->fake_stack_ : &from.host_fake_stack_;
  const void* bottom = stacks_ != nullptr ? stacks_->mapping_ : host_bottom_;
  __sanitizer_start_switch_fiber(kept, bottom, stacks_ != nullptr ? kMostStacks * kPitch : host_bytes_);
#endif
}

void Fibre::arrived() {
#if TPSCALE_VIRTUAL_GPU_ASAN
  if (leaving == nullptr) return;
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(stacks_ != nullptr ? stacks_->fake_stack_ : host_fake_stack_, &bottom,
                                  &bytes);
  if (leaving->stacks_ == nullptr) {
    leaving->host_bottom_ = bottom;
    leaving->host_bytes_ = bytes;
  }
  leaving = nullptr;
#endif
}

void Fibre::switch_from(Fibre& from) {
  entering = this;
  if (stacks_ != from.stacks_) announce(from);
#if defined(__x86_64__)
  tpscale_virtual_gpu_switch(&from.stack_pointer_, stack_pointer_);
#else
  swapcontext(&from.context_, &context_);
#endif
  from.arrived();
}

}  // namespace tpscale::virtual_gpu
