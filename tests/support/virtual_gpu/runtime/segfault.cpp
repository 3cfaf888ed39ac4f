#include "support/virtual_gpu/runtime/segfault.h"

#include <signal.h>

#include <cstdio>

#include "support/virtual_gpu/runtime/block.h"
#include "support/virtual_gpu/runtime/machine.h"
#include "support/virtual_gpu/runtime/random.h"

namespace tpscale::virtual_gpu {
namespace {

struct sigaction former {};

// Not safe in a signal handler by the letter; the program is at its end and this is a test's last word.
void explain(int signal, siginfo_t* info, void* context) {
  for (const Machine::Device& device : machine().devices) {
    if (device.memory == nullptr || !device.memory->contains(info->si_addr)) continue;
    if (Block::running() != nullptr) {
      std::fprintf(stderr, "virtual GPU: a kernel touched %p, far outside of any allocation\n",
                   info->si_addr);
    } else {
      std::fprintf(stderr,
                   "virtual GPU: host code touched device memory at %p; only kernels and copies may "
                   "(VIRTUAL_GPU_SEED=%llu)\n",
                   info->si_addr, static_cast<unsigned long long>(seed()));
    }
  }
  if ((former.sa_flags & SA_SIGINFO) != 0 && former.sa_sigaction != nullptr) {
    former.sa_sigaction(signal, info, context);
    return;
  }
  sigaction(signal, &former, nullptr);  // the faulting instruction runs again and ends the program
}

}  // namespace

void explain_segfaults() {
  struct sigaction action {};
  action.sa_sigaction = explain;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &former);
}

}  // namespace tpscale::virtual_gpu
