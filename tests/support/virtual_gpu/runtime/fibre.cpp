#include "support/virtual_gpu/runtime/fibre.h"

#include <sys/mman.h>
#include <unistd.h>

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

// A sanitizer's frames are several times as large.
constexpr std::size_t kStackBytes = TPSCALE_VIRTUAL_GPU_ASAN != 0 ? 256 * 1024 : 64 * 1024;
thread_local Fibre* leaving = nullptr;
thread_local Fibre* entering = nullptr;

}  // namespace

Fibre::Fibre(Entry entry, void* argument) : entry_(entry), argument_(argument), stack_bytes_(kStackBytes) {
  const auto guard = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  mapping_ = mmap(nullptr, kStackBytes + guard, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping_ == MAP_FAILED) throw std::bad_alloc();
  mprotect(mapping_, guard, PROT_NONE);
  auto* bottom = static_cast<std::byte*>(mapping_) + guard;
  stack_bottom_ = bottom;
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

Fibre::~Fibre() {
  if (mapping_ == nullptr) return;
  unpoison(stack_bottom_, stack_bytes_);
  munmap(mapping_, kStackBytes + static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
}

void Fibre::begin() {
  entering->arrived();
  entering->entry_(entering->argument_);
}

void Fibre::arrived() {
#if TPSCALE_VIRTUAL_GPU_ASAN
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(fake_stack_, &bottom, &bytes);
  if (leaving->stack_bottom_ == nullptr) {  // the host thread's own stack, seen for the first time
    leaving->stack_bottom_ = bottom;
    leaving->stack_bytes_ = bytes;
  }
#endif
}

void Fibre::switch_from(Fibre& from) {
  leaving = &from;
  entering = this;
#if TPSCALE_VIRTUAL_GPU_ASAN
  __sanitizer_start_switch_fiber(&from.fake_stack_, stack_bottom_, stack_bytes_);
#endif
#if defined(__x86_64__)
  tpscale_virtual_gpu_switch(&from.stack_pointer_, stack_pointer_);
#else
  swapcontext(&from.context_, &context_);
#endif
  from.arrived();
}

}  // namespace tpscale::virtual_gpu
