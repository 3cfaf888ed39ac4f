#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/check.h"
#include "core/dtype.h"

namespace tpscale {

/// A matrix [rows, cols] in device memory that somebody else owns. `row_stride` counts elements; a row is
/// contiguous. Pointer is `void*` or `const void*`; a TensorView converts to a ConstTensorView, never back.
template <class Pointer>
struct BasicTensorView {
  Pointer data = nullptr;
  Dtype dtype = Dtype::kF32;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;

  BasicTensorView() = default;
  BasicTensorView(Pointer data_, Dtype dtype_, std::int64_t rows_, std::int64_t cols_)
      : BasicTensorView(data_, dtype_, rows_, cols_, cols_) {}
  BasicTensorView(Pointer data_, Dtype dtype_, std::int64_t rows_, std::int64_t cols_,
                  std::int64_t row_stride_)
      : data(data_), dtype(dtype_), rows(rows_), cols(cols_), row_stride(row_stride_) {}
  template <class Other>
  requires std::is_same_v<Other, void*> && std::is_same_v<Pointer, const void*> BasicTensorView(
      const BasicTensorView<Other>& other)
      : BasicTensorView(other.data, other.dtype, other.rows, other.cols, other.row_stride) {}

  bool contiguous() const noexcept { return rows <= 1 || row_stride == cols; }
  std::int64_t size() const noexcept { return rows * cols; }
  std::size_t bytes() const noexcept { return static_cast<std::size_t>(size()) * size_of(dtype); }

  /// Rows [first, first + count).
  BasicTensorView rows_at(std::int64_t first, std::int64_t count) const {
    check(first >= 0 && count >= 0 && first + count <= rows, "rows outside the tensor");
    return {at(first, 0), dtype, count, cols, row_stride};
  }
  /// Columns [first, first + count) of every row.
  BasicTensorView cols_at(std::int64_t first, std::int64_t count) const {
    check(first >= 0 && count >= 0 && first + count <= cols, "columns outside the tensor");
    return {at(0, first), dtype, rows, count, row_stride};
  }

 private:
  Pointer at(std::int64_t row, std::int64_t col) const {
    using Byte = std::conditional_t<std::is_same_v<Pointer, void*>, std::byte, const std::byte>;
    return static_cast<Byte*>(data) + (row * row_stride + col) * static_cast<std::int64_t>(size_of(dtype));
  }
};

using TensorView = BasicTensorView<void*>;
using ConstTensorView = BasicTensorView<const void*>;

}  // namespace tpscale
