#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/rows.cuh"

namespace tpscale::cuda {
namespace {

__global__ void __launch_bounds__(kBlockThreads)
    feed_tokens_kernel(std::int32_t* token_ids, const std::int32_t* sources, std::int64_t num_tokens,
                       const std::int32_t* chosen) {
  const std::int64_t token = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (token >= num_tokens || sources[token] < 0) return;
  token_ids[token] = chosen[sources[token]];
}

}  // namespace

void CudaOps::feed_tokens(std::int32_t* token_ids, const std::int32_t* sources, std::int64_t num_tokens,
                          const std::int32_t* chosen) {
  if (num_tokens == 0) return;
  const int threads = threads_for(num_tokens);
  launch(stream_, dim3(blocks_for(num_tokens, threads)), dim3(static_cast<unsigned>(threads)), 0,
         feed_tokens_kernel, token_ids, sources, num_tokens, chosen);
}

}  // namespace tpscale::cuda
