#include "backend/cuda/cuda_linear_weights.h"

#include <algorithm>
#include <cstring>

#include "backend/cuda/cuda_error.h"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

std::int64_t padded(std::int64_t cols, Dtype dtype) {
  const std::int64_t step = 16 / static_cast<std::int64_t>(size_of(dtype));
  return (cols + step - 1) / step * step;
}

/// One row of `from`'s dtype as `to`'s.
void convert_row(std::byte* out, Dtype to, const std::byte* in, Dtype from, std::int64_t cols) {
  if (to == from) {
    std::memcpy(out, in, static_cast<std::size_t>(cols) * size_of(to));
    return;
  }
  dispatch_dtype(from, [&](auto source) {
    dispatch_dtype(to, [&](auto target) {
      using Source = decltype(source);
      using Target = decltype(target);
      for (std::int64_t i = 0; i < cols; ++i) {
        Source value;
        std::memcpy(&value, in + i * static_cast<std::int64_t>(sizeof value), sizeof value);
        const Target result(static_cast<float>(value));
        std::memcpy(out + i * static_cast<std::int64_t>(sizeof result), &result, sizeof result);
      }
    });
  });
}

}  // namespace

CudaLinearWeights::CudaLinearWeights(CudaMemory& memory, CudaStream& stream, PinnedStaging& staging,
                                     std::int64_t out_features, std::int64_t in_features, Dtype dtype)
    : stream_(stream),
      staging_(staging),
      out_features_(out_features),
      in_features_(in_features),
      row_stride_(padded(in_features, dtype)),
      dtype_(dtype),
      data_(memory.allocate(static_cast<std::size_t>(out_features * row_stride_) * size_of(dtype),
                            MemoryKind::kWeights)) {}

void CudaLinearWeights::write_rows(std::int64_t first_row, ConstTensorView rows) {
  check(first_row >= 0 && first_row + rows.rows <= out_features_, "rows outside the weights");
  check(rows.cols == in_features_, "rows of another width than the weights'");
  const std::size_t pitch = static_cast<std::size_t>(row_stride_) * size_of(dtype_);
  const std::size_t in_pitch = static_cast<std::size_t>(rows.row_stride) * size_of(rows.dtype);
  check(pitch <= PinnedStaging::kSegmentBytes, "a row of weights larger than the staging memory");
  const auto most = static_cast<std::int64_t>(PinnedStaging::kSegmentBytes / std::max<std::size_t>(pitch, 1));
  const auto* source = static_cast<const std::byte*>(rows.data);
  auto* target = data_.as<std::byte>() + static_cast<std::size_t>(first_row) * pitch;
  for (std::int64_t row = 0; row < rows.rows;) {
    const auto count = static_cast<std::size_t>(std::min(most, rows.rows - row));
    std::byte* staged = staging_.reserve(count * pitch);
    for (std::size_t r = 0; r < count; ++r) {
      std::byte* out = staged + r * pitch;
      convert_row(out, dtype_, source + (static_cast<std::size_t>(row) + r) * in_pitch, rows.dtype,
                  in_features_);
      const std::size_t filled = static_cast<std::size_t>(in_features_) * size_of(dtype_);
      std::memset(out + filled, 0, pitch - filled);
    }
    check_cuda(cudaMemcpyAsync(target + static_cast<std::size_t>(row) * pitch, staged, count * pitch,
                               cudaMemcpyHostToDevice, stream_.get()),
               "copying weights to the device");
    row += static_cast<std::int64_t>(count);
  }
}

}  // namespace tpscale::cuda
