#pragma once
#include <vector_types.h>

#include <cstddef>
#include <functional>
#include <string>

namespace tpscale::virtual_gpu {

/// One launch: what every thread of the grid calls.
struct Kernel {
  const void* function = nullptr;
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  std::function<void()> body;  ///< holds the arguments by value
};

/// Runs it to its end on this host thread. Device memory must be open.
void run_kernel(const Kernel& kernel);

/// "kernel tpscale::cuda::rms_norm_kernel<float>", as far as the symbols say.
std::string function_name(const void* function);

/// "kernel k, block (1,0,0), thread (3,0,0)" where this host thread runs a kernel, else "".
std::string running_thread();

}  // namespace tpscale::virtual_gpu
