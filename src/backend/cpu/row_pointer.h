#pragma once
#include <cstddef>
#include <cstdint>

#include "core/tensor_view.h"

namespace tpscale::cpu {

/// Address of element (row, col) of a view.
inline void* element(const TensorView& view, std::int64_t row, std::int64_t col = 0) {
  return static_cast<std::byte*>(view.data) +
         (row * view.row_stride + col) * static_cast<std::int64_t>(size_of(view.dtype));
}
inline const void* element(const ConstTensorView& view, std::int64_t row, std::int64_t col = 0) {
  return static_cast<const std::byte*>(view.data) +
         (row * view.row_stride + col) * static_cast<std::int64_t>(size_of(view.dtype));
}

/// Rows a thread takes at least, so that a small op does not wake the others.
inline std::int64_t row_grain(std::int64_t cols) {
  constexpr std::int64_t kElements = 16384;
  return cols >= kElements ? 1 : kElements / (cols > 0 ? cols : 1);
}

}  // namespace tpscale::cpu
