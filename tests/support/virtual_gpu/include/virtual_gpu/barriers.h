#pragma once
#pragma GCC system_header
#include <source_location>

#include "support/virtual_gpu/device_code.h"

// CUDA C++ Programming Guide, "Synchronization Functions" and "Memory Fence Functions". Stricter than the
// guide: a thread that has left the kernel is missed at a barrier, because that is how an early return that
// skips a barrier looks.
inline void __syncthreads(std::source_location place = std::source_location::current()) {
  tpscale::virtual_gpu::meet_block(place);
}
inline void __syncwarp(unsigned mask = tpscale::virtual_gpu::kFullMask,
                       std::source_location place = std::source_location::current()) {
  tpscale::virtual_gpu::meet_warp(mask, "__syncwarp", nullptr, nullptr, place);
}
// One thread runs at a time, so its writes are seen at once: the memory model is not emulated.
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
