#pragma once
#include "core/tensor_view.h"

namespace tpscale::cuda {

/// An input of a linear layer that is still to be made: rms_norm(residual + x). All [M, K]. The sum, rounded
/// as add_rms_norm does, is written to new_residual, which must be other memory than residual: the blocks of
/// a kernel read it while another one writes.
struct NormedRows {
  ConstTensorView residual;
  ConstTensorView x;
  TensorView new_residual;
  const float* weight = nullptr;  ///< [K]
  float epsilon = 0.0F;
};

}  // namespace tpscale::cuda
