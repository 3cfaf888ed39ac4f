#pragma once
#include <cstddef>
#include <cstdint>

#include "core/tensor_view.h"

namespace tpscale {

/// The weights [out_features, in_features] of one linear layer, in whatever layout the backend's kernels like
/// best. Filled row by row, so that no second copy of a matrix ever exists; also the table an embedding looks
/// up in, so that a tied output head costs nothing.
class LinearWeights {
 public:
  virtual ~LinearWeights() = default;
  virtual std::int64_t out_features() const noexcept = 0;
  virtual std::int64_t in_features() const noexcept = 0;
  virtual Dtype dtype() const noexcept = 0;
  virtual std::size_t bytes() const noexcept = 0;  ///< held on the device, padding included

  /// Converts and stores rows [first_row, first_row + rows.rows). `rows` is in HOST memory, any dtype,
  /// in_features wide. Rows never written are zero.
  virtual void write_rows(std::int64_t first_row, ConstTensorView rows) = 0;
};

}  // namespace tpscale
