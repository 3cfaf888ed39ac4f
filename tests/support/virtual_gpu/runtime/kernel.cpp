#include "support/virtual_gpu/runtime/kernel.h"

#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <numeric>

#include "support/virtual_gpu/runtime/block.h"
#include "support/virtual_gpu/runtime/random.h"
#include "support/virtual_gpu/runtime/sanitizer.h"
#include "support/virtual_gpu/runtime/shared_arrays.h"

namespace tpscale::virtual_gpu {

void run_kernel(const Kernel& kernel) {
  const std::uint64_t blocks = std::uint64_t{kernel.grid.x} * kernel.grid.y * kernel.grid.z;
  // Blocks in the order start, start + stride, ...: every block comes once, neighbours in any order.
  std::uint64_t stride = blocks < 3 ? 1 : 1 + draw_below(static_cast<std::uint32_t>(blocks - 1));
  while (std::gcd(stride, blocks) != 1) ++stride;
  std::uint64_t next = draw_below(static_cast<std::uint32_t>(blocks));
  Block& block = Block::of_this_host_thread();
  for (std::uint64_t count = 0; count < blocks; ++count) {
    poison_shared_arrays(kernel.function);
    block.run(kernel, {static_cast<unsigned>(next % kernel.grid.x),
                       static_cast<unsigned>(next / kernel.grid.x % kernel.grid.y),
                       static_cast<unsigned>(next / kernel.grid.x / kernel.grid.y)});
    learn_shared_arrays(kernel.function, count + 1 == blocks);
    next = (next + stride) % blocks;
  }
}

std::string function_name(const void* function) {
#if TPSCALE_VIRTUAL_GPU_ASAN
  char text[512] = "";
  __sanitizer_symbolize_pc(const_cast<void*>(function), "%f", text, sizeof text);
  if (text[0] != '\0') return std::string("kernel ") + text;
#endif
  Dl_info info{};
  if (dladdr(function, &info) != 0 && info.dli_sname != nullptr)
    return std::string("kernel ") + info.dli_sname;
  char address[32];
  std::snprintf(address, sizeof address, "kernel at %p", function);
  return address;
}

std::string running_thread() {
  const Block* block = Block::running();
  return block == nullptr ? std::string() : block->describe_current();
}

}  // namespace tpscale::virtual_gpu
