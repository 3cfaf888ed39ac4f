#pragma once
#include <vector_types.h>

/// CUDA's built-in variables. Objects, not macros: members of cudaLaunchConfig_t have such names too. Set
/// whenever a thread of a kernel goes on.
inline constinit thread_local uint3 threadIdx{};
inline constinit thread_local uint3 blockIdx{};
inline constinit thread_local dim3 blockDim{};
inline constinit thread_local dim3 gridDim{};
inline constexpr int warpSize = 32;
