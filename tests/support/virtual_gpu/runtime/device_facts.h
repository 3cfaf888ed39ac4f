#pragma once

namespace tpscale::virtual_gpu {

inline constexpr int kMultiprocessors = 4;
inline constexpr int kSharedBytesWithoutAsking = 48 * 1024;
inline constexpr int kSharedBytesPerBlock = 227 * 1024;
inline constexpr int kSharedBytesPerMultiprocessor = 228 * 1024;
inline constexpr int kThreadsPerBlock = 1024;
inline constexpr int kThreadsPerMultiprocessor = 2048;
inline constexpr int kL2Bytes = 4 << 20;

/// VIRTUAL_GPU_COMPUTE ("8.0"), else 9.0.
struct ComputeCapability {
  int major = 9;
  int minor = 0;
};
ComputeCapability compute_capability();

}  // namespace tpscale::virtual_gpu
