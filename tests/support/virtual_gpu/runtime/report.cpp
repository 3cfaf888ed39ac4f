#include <cstdio>
#include <cstdlib>

#include "support/virtual_gpu/runtime/kernel.h"
#include "support/virtual_gpu/runtime/random.h"
#include "support/virtual_gpu/runtime/sanitizer.h"
#include "support/virtual_gpu/stand_in.h"

namespace tpscale::virtual_gpu {
namespace {

void print_place() {
  const std::string thread = running_thread();
  if (!thread.empty()) std::fprintf(stderr, "virtual GPU: in %s\n", thread.c_str());
  std::fprintf(stderr, "virtual GPU: the same again with VIRTUAL_GPU_SEED=%llu\n",
               static_cast<unsigned long long>(seed()));
}

}  // namespace

void report_bug(const std::string& sentence) {
  std::fprintf(stderr, "virtual GPU: %s\n", sentence.c_str());
  print_place();
#if TPSCALE_VIRTUAL_GPU_ASAN
  __sanitizer_print_stack_trace();
#endif
  std::abort();
}

}  // namespace tpscale::virtual_gpu

#if TPSCALE_VIRTUAL_GPU_ASAN
// Found by the sanitizer's own runtime: what it says of an error is followed by who was running.
extern "C" void __asan_on_error() {
  tpscale::virtual_gpu::print_place();
}
// The exit code of a leak would pass for a caught bug, and MPI leaks by design.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1:allow_user_segv_handler=1";
}
extern "C" const char* __ubsan_default_options() {
  return "print_stacktrace=1:halt_on_error=1:abort_on_error=1";
}
#endif
