#pragma once
#include <cuda_runtime_api.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "backend/cuda/cublas_lt.h"
#include "backend/cuda/cuda_device.h"
#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/cuda_memory.h"
#include "backend/cuda/linear_choices.h"

namespace tpscale::cuda {

/// Linear layers. Few rows go to an own kernel that streams the weights, where it takes them; the others to
/// cuBLASLt with the heuristic's first algorithm, and in 16 bits with a bias, for which that would need a
/// second kernel, to an own one. tune() replaces these rules, shape by shape, by what was fastest on this
/// device.
/// A row's bits depend on the algorithm, so on the number of rows of its batch.
class LinearRunner {
 public:
  LinearRunner(CudaMemory& memory, CudaStream& stream, const CudaDevice& device);

  /// out [T, N] = x [T, K] * weights [N, K]^T + bias [N] (or nullptr).
  void run(TensorView out, ConstTensorView x, const CudaLinearWeights& weights, const float* bias);

  /// Whether run() would take the own kernel for `rows` rows: then one that does more at once may take its
  /// place.
  bool takes_own_kernel(std::int64_t rows, const CudaLinearWeights& weights) const;

  /// Whether a layer with a norm in front goes to one own kernel where there is one: yes, unless timing has
  /// found the ops one by one to be faster.
  bool prefers_fused(std::int64_t rows, const CudaLinearWeights& weights, LinearUse use) const;

  /// Times what can compute `rows` rows with these weights, on random rows, and keeps the fastest, also on
  /// disk. Where the choice is known, of this launch or an earlier one, nothing is timed.
  void tune(std::int64_t rows, const CudaLinearWeights& weights);
  /// The same for a layer with a norm; `time` says how long the own kernel takes, and the ops one by one.
  struct FusedTimes {
    double fused;
    double one_by_one;
  };
  void tune_fused(std::int64_t rows, const CudaLinearWeights& weights, LinearUse use,
                  const std::function<FusedTimes()>& time);

  /// Every choice made by timing: "8x4096x4096 bf16" -> "own kernel, 11.2 us (heuristic's first 14.9)".
  std::map<std::string, std::string> facts() const;

 private:
  struct Plan {
    std::unique_ptr<LtMatmul> matmul;
    cublasLtMatmulAlgo_t algorithm{};
  };
  std::optional<LinearChoice> choice_for(std::int64_t rows, const CudaLinearWeights& weights,
                                         LinearUse use = LinearUse::kPlain) const;
  bool takes_tiled_kernel(const ConstTensorView& x, const CudaLinearWeights& weights,
                          const float* bias) const;
  const Plan& plan_for(const LtProblem& problem, const void* bias, const CudaLinearWeights& weights);
  const void* bias_as(Dtype dtype, const float* bias, std::int64_t size);

  CudaMemory& memory_;
  CudaStream& stream_;
  const CudaDevice& device_;
  LtHandle handle_;
  Buffer workspace_;
  Buffer bias_scratch_;  ///< the bias in the compute dtype; grows before any capture
  LinearChoices choices_;
  std::map<LtProblem, Plan> plans_;  ///< of cuBLASLt, made when a shape is first met
};

}  // namespace tpscale::cuda
