#pragma once
#include <functional>
#include <limits>
#include <vector>

#include "backend/cuda/cuda_device.h"
#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/cuda_memory.h"
#include "backend/cuda/cuda_stream.h"
#include "core/tensor_view.h"

namespace tpscale::cuda {

/// Times several ways to compute the same linear layer: on random rows (zeros would draw less power and run
/// faster), in turns, each time with the caches cold, by the device's clock, medians.
class LinearTiming {
 public:
  LinearTiming(CudaMemory& memory, CudaStream& stream, const CudaDevice& device, std::int64_t rows,
               const CudaLinearWeights& weights);

  TensorView out() const { return out_; }
  ConstTensorView x() const { return x_; }

  /// Enqueues the product once; false where it cannot be done.
  using Candidate = std::function<bool()>;
  static constexpr double kImpossible = std::numeric_limits<double>::infinity();
  /// Seconds of each candidate, kImpossible for those that cannot do it.
  std::vector<double> measure(const std::vector<Candidate>& candidates);

 private:
  double time_once(const Candidate& candidate);

  CudaStream& stream_;
  Buffer x_data_;
  Buffer out_data_;
  Buffer flush_;  ///< writing it all drives everything else out of the L2 cache
  ConstTensorView x_;
  TensorView out_;
};

}  // namespace tpscale::cuda
