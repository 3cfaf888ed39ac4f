#pragma once
#include <cuda_runtime.h>

#include <cstdint>
#include <type_traits>

#include "backend/cuda/device/element.cuh"
#include "core/tensor_view.h"

namespace tpscale::cuda {

/// A matrix as a kernel takes it: where its first row begins and how far the rows are apart.
template <class T>
struct Rows {
  T* first = nullptr;
  std::int64_t stride = 0;  ///< elements
  __device__ T* operator[](std::int64_t row) const { return first + row * stride; }
};

template <class T>
Rows<T> rows_of(const TensorView& view) {
  return {static_cast<T*>(view.data), view.row_stride};
}
template <class T>
Rows<const T> rows_of(const ConstTensorView& view) {
  return {static_cast<const T*>(view.data), view.row_stride};
}

inline bool on_vector(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % 16 == 0;
}
/// Whether every row begins at a multiple of 16 bytes.
inline bool rows_on_vectors(const ConstTensorView& view) {
  const std::int64_t stride_bytes = view.row_stride * static_cast<std::int64_t>(size_of(view.dtype));
  return on_vector(view.data) && (view.rows <= 1 || stride_bytes % 16 == 0);
}
/// Whether every row is whole vectors.
inline bool whole_vectors(const ConstTensorView& view) {
  return rows_on_vectors(view) && view.cols * static_cast<std::int64_t>(size_of(view.dtype)) % 16 == 0;
}

/// Calls `function` with a T and, as a constant, the elements a thread takes at a time: a vector of them
/// where that is possible, else one.
template <class Function>
void dispatch_width(Dtype dtype, bool vectors, Function&& function) {
  dispatch_element(dtype, [&](auto element) {
    using T = decltype(element);
    if (vectors) return function(element, std::integral_constant<int, Vector<T>::kSize>{});
    return function(element, std::integral_constant<int, 1>{});
  });
}

inline constexpr int kBlockThreads = 256;

/// Threads of a block that works on one row together: a multiple of a warp, no more than there are items.
inline int threads_for(std::int64_t items) {
  if (items >= kBlockThreads) return kBlockThreads;
  return items <= 32 ? 32 : static_cast<int>((items + 31) / 32 * 32);
}
inline unsigned blocks_for(std::int64_t items, std::int64_t per_block) {
  return static_cast<unsigned>((items + per_block - 1) / per_block);
}

}  // namespace tpscale::cuda
