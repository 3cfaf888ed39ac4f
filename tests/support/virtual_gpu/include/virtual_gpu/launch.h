#pragma once
#pragma GCC system_header
#include <cuda_runtime_api.h>

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace tpscale::virtual_gpu {

/// Queues a kernel as cudaLaunchKernelEx does. `pointers` are its arguments that are pointers; each must lead
/// into device memory (a pointer inside a struct is not seen).
cudaError_t launch_kernel(const cudaLaunchConfig_t& config, const void* function,
                          const std::vector<const void*>& pointers, std::function<void()> body);

template <class T>
void add_pointer(std::vector<const void*>& pointers, const T& argument) {
  if constexpr (std::is_pointer_v<T>) pointers.push_back(argument);
}

}  // namespace tpscale::virtual_gpu

// CUDA Runtime API, cudaLaunchKernelEx: "The kernel arguments should be passed as arguments to this function
// via the args parameter pack"; they are copied at the call.
template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "the kernel has another number of parameters");
  const auto enqueue = [&](Parameters... copies) {
    std::vector<const void*> pointers;
    (tpscale::virtual_gpu::add_pointer(pointers, copies), ...);
    return tpscale::virtual_gpu::launch_kernel(*config, reinterpret_cast<const void*>(kernel), pointers,
                                               [kernel, values = std::tuple<std::decay_t<Parameters>...>(
                                                            copies...)] { std::apply(kernel, values); });
  };
  return enqueue(std::forward<Arguments>(arguments)...);
}
