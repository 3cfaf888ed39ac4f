#pragma once
#include <cuda_runtime.h>

#include <cstdint>

#include "backend/cuda/device/element.cuh"

namespace tpscale::cuda {

/// How the depth K of a product is cut. Four neighbouring lanes read 64 bytes of a row (a chunk), one vector
/// each; eight such groups read eight rows. Two chunks, a line of 128 bytes a row, are a unit; the warps of a
/// block take units in turn. So what is added to what, and in which order, depends on K alone.
inline constexpr int kSkinnyWarps = 8;
inline constexpr int kSkinnyThreads = 32 * kSkinnyWarps;
inline constexpr int kGroupRows = 8;  ///< rows of weights, and of x, that a warp reads at once
inline constexpr int kGroupLanes = 4;
inline constexpr int kUnitChunks = 2;
template <class T>
inline constexpr int kChunk = kGroupLanes* Vector<T>::kSize;
template <class T>
inline constexpr int kUnit = kUnitChunks* kChunk<T>;

/// A vector of elements as its bits.
using Words = Vector<std::uint32_t>;

template <class T>
__device__ Words load_words(const T* address) {
  return load_vector(reinterpret_cast<const std::uint32_t*>(address));
}

/// The same from any address, from which only `left` elements are there; zeros for the others.
template <class T>
__device__ Words load_some_words(const T* address, int left) {
  if (left >= Vector<T>::kSize && reinterpret_cast<std::uintptr_t>(address) % 16 == 0) {
    return load_words(address);
  }
  Words words{};
  if constexpr (sizeof(T) == 4) {
    const auto* bits = reinterpret_cast<const std::uint32_t*>(address);
#pragma unroll
    for (int i = 0; i < 4; ++i) words.element[i] = i < left ? bits[i] : 0;
  } else {
    const auto* bits = reinterpret_cast<const std::uint16_t*>(address);
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t half = i < left ? bits[i] : 0;
      words.element[i / 2] |= half << (i % 2 * 16);
    }
  }
  return words;
}

/// Where a thread stands in its warp.
struct Place {
  int warp = static_cast<int>(threadIdx.x) / 32;
  int group = static_cast<int>(threadIdx.x) % 32 / kGroupLanes;  ///< row of eight
  int lane = static_cast<int>(threadIdx.x) % kGroupLanes;        ///< vector of a chunk
};

}  // namespace tpscale::cuda
