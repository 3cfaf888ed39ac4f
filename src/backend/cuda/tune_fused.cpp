#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/linear_runner.h"
#include "backend/cuda/linear_timing.h"
#include "backend/cuda/random_fill.h"
#include "backend/cuda/tiled_linear/tiled_linear.h"

namespace tpscale::cuda {
namespace {

constexpr float kEpsilon = 1e-5F;

/// What a layer with a norm in front needs besides what LinearTiming holds.
struct Surroundings {
  Surroundings(CudaMemory& memory, cudaStream_t stream, std::int64_t rows, const CudaLinearWeights& weights)
      : hidden(weights.in_features()),
        matrix_bytes(static_cast<std::size_t>(rows * hidden) * size_of(weights.dtype())),
        residual(memory.allocate(matrix_bytes, MemoryKind::kOther)),
        next(memory.allocate(matrix_bytes, MemoryKind::kOther)),
        gains(memory.allocate(static_cast<std::size_t>(hidden) * sizeof(float), MemoryKind::kOther)),
        products(memory.allocate(
            static_cast<std::size_t>(rows * weights.out_features()) * size_of(weights.dtype()),
            MemoryKind::kOther)),
        stream_of_rows{{residual.data(), weights.dtype(), rows, hidden},
                       {next.data(), weights.dtype(), rows, hidden}},
        gate_up(products.data(), weights.dtype(), rows, weights.out_features()) {
    fill_random(stream, residual.data(), rows * hidden, weights.dtype());
    fill_random(stream, gains.data(), hidden, Dtype::kF32);
  }

  std::int64_t hidden;
  std::size_t matrix_bytes;
  Buffer residual;
  Buffer next;
  Buffer gains;
  Buffer products;
  const ResidualStream stream_of_rows;
  TensorView gate_up;
};

}  // namespace

void CudaOps::tune_fused(std::int64_t rows, const CudaLinearWeights& weights, LinearUse use) {
  if (rows < 1 || rows > kMostTiledRows) return;
  linear_.tune_fused(rows, weights, use, [&]() -> LinearRunner::FusedTimes {
    LinearTiming timing(memory_, weights_stream_, device_, rows, weights);
    const Surroundings around(memory_, stream_, rows, weights);
    const bool silu = use == LinearUse::kNormedSilu;
    const TensorView out = timing.out().cols_at(0, weights.out_features() / (silu ? 2 : 1));
    const PendingNorm norm{timing.x(), around.gains.as<float>(), kEpsilon, around.stream_of_rows.next};
    const auto fused = [&] { return enqueue_fused(out, around.stream_of_rows, norm, weights, nullptr, use); };
    const auto one_by_one = [&] {
      ResidualStream residual = around.stream_of_rows;
      if (silu) {
        Ops::add_rms_norm_linear_silu_and_mul(out, residual, norm, weights, nullptr, around.gate_up);
      } else {
        Ops::add_rms_norm_linear(out, residual, norm, weights, nullptr);
      }
      return true;
    };
    const std::vector<double> seconds = timing.measure({fused, one_by_one});
    return {seconds[0], seconds[1]};
  });
}

}  // namespace tpscale::cuda
