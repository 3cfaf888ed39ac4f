#pragma once
#include "backend/cuda/cuda_memory.h"
#include "backend/cuda/pinned_staging.h"
#include "backend/linear_weights.h"

namespace tpscale::cuda {

/// Row-major [out_features, in_features] in device memory, rows padded to a multiple of 16 bytes.
class CudaLinearWeights final : public LinearWeights {
 public:
  CudaLinearWeights(CudaMemory& memory, CudaStream& stream, PinnedStaging& staging, std::int64_t out_features,
                    std::int64_t in_features, Dtype dtype);
  std::int64_t out_features() const noexcept override { return out_features_; }
  std::int64_t in_features() const noexcept override { return in_features_; }
  std::int64_t row_stride() const noexcept { return row_stride_; }  ///< elements from a row to the next
  Dtype dtype() const noexcept override { return dtype_; }
  std::size_t bytes() const noexcept override { return data_.bytes(); }
  const void* data() const noexcept { return data_.data(); }

  void write_rows(std::int64_t first_row, ConstTensorView rows) override;

 private:
  CudaStream& stream_;
  PinnedStaging& staging_;
  std::int64_t out_features_;
  std::int64_t in_features_;
  std::int64_t row_stride_;
  Dtype dtype_;
  Buffer data_;
};

}  // namespace tpscale::cuda
