#pragma once
#include <cstddef>

// Given by CMake to those sources that are themselves left out of the sanitizing, because every switch of
// threads goes through them.
#if defined(TPSCALE_VIRTUAL_GPU_ASAN)
#elif defined(__SANITIZE_ADDRESS__)
#define TPSCALE_VIRTUAL_GPU_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TPSCALE_VIRTUAL_GPU_ASAN 1
#endif
#endif
#ifndef TPSCALE_VIRTUAL_GPU_ASAN
#define TPSCALE_VIRTUAL_GPU_ASAN 0
#endif

#if TPSCALE_VIRTUAL_GPU_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

/// The sanitizer's interface; nothing where the build has none.
namespace tpscale::virtual_gpu {

inline void poison(const void* begin, std::size_t bytes) {
#if TPSCALE_VIRTUAL_GPU_ASAN
  __asan_poison_memory_region(begin, bytes);
#else
  (void)begin, (void)bytes;
#endif
}

inline void unpoison(const void* begin, std::size_t bytes) {
#if TPSCALE_VIRTUAL_GPU_ASAN
  __asan_unpoison_memory_region(begin, bytes);
#else
  (void)begin, (void)bytes;
#endif
}

}  // namespace tpscale::virtual_gpu
