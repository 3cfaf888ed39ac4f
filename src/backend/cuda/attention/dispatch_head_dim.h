#pragma once
#include <type_traits>

namespace tpscale::cuda {

/// Calls `function` with the smallest head_dim, as an integral constant, that tensor-core kernels are made
/// for and `head_dim` fits in: the components between are zeros.
template <class Function>
void dispatch_head_dim(int head_dim, Function&& function) {
  if (head_dim <= 32) return function(std::integral_constant<int, 32>{});
  if (head_dim <= 64) return function(std::integral_constant<int, 64>{});
  if (head_dim <= 80) return function(std::integral_constant<int, 80>{});
  if (head_dim <= 96) return function(std::integral_constant<int, 96>{});
  if (head_dim <= 128) return function(std::integral_constant<int, 128>{});
  return function(std::integral_constant<int, 256>{});
}

}  // namespace tpscale::cuda
