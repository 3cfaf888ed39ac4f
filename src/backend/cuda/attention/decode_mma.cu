#include "backend/cuda/attention/dispatch_head_dim.h"
#include "backend/cuda/attention/kernels.h"
#include "backend/cuda/attention/mma_tile.cuh"
#include "backend/cuda/attention/partials.cuh"
#include "backend/cuda/device/launch.cuh"

namespace tpscale::cuda {
namespace {

/// The sums of one split, in fp32, from the registers of the lanes that hold them.
template <class T, int kDim>
__device__ void store_partials(const Split<T>& split, const MmaTile<T, kDim>& tile,
                               const MmaResult<kDim>& result) {
  const int component = tile.lane() % 4 * 2;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int head = tile.row(half);
    if (head >= split.heads) continue;
    float* to = split.weighted(head);
#pragma unroll
    for (int part = 0; part < kDim / 8; ++part) {
      if (part * 8 >= split.sequence.arguments.head_dim) break;
      *reinterpret_cast<float2*>(to + part * 8 + component) =
          make_float2(result.out[part][2 * half], result.out[part][2 * half + 1]);
    }
    if (component == 0) split.store_max_and_sum(head, result.max[half], result.sum[half]);
  }
}

/// All heads of a KV head are the rows of one tile. With up to 16 heads one warp computes and four load; the
/// tensor cores idle most of the time, as they may where the cache's bandwidth decides.
template <class T, int kDim>
__global__ void __launch_bounds__(MmaShape<kDim>::kThreads, MmaShape<kDim>::kBlocks)
    decode_mma_kernel(const AttentionArguments<T> arguments, const SplitPlan plan,
                      const AttentionPartials partials) {
  const SequenceHead<T> sequence(arguments, static_cast<int>(blockIdx.z), static_cast<int>(blockIdx.y));
  if (sequence.queries == 0) return;
  if (sequence.context == 0) {
    if (blockIdx.x == 0) store_zeros(sequence, 0, arguments.group);
    return;
  }
  const Split<T> split(sequence, partials, plan, 0, arguments.group);
  if (split.split >= split.splits) return;
  MmaTile<T, kDim> tile(sequence, 0, split.begin, split.end);
  store_partials(split, tile, tile.attend());
  if (split.is_last()) split.merge(dynamic_shared<float>());
}

}  // namespace

template <class T>
void launch_decode_mma(cudaStream_t stream, const AttentionArguments<T>& arguments,
                       const AttentionBounds& bounds, const SplitPlan& plan,
                       const AttentionPartials& partials) {
  const dim3 grid(static_cast<unsigned>(partials.splits), static_cast<unsigned>(arguments.num_kv_heads),
                  static_cast<unsigned>(bounds.sequences));
  dispatch_head_dim(arguments.head_dim, [&](auto dim) {
    using Shape = MmaShape<dim()>;
    launch(stream, grid, dim3(Shape::kThreads), Shape::kSharedBytes, decode_mma_kernel<T, dim()>, arguments,
           plan, partials);
  });
}

template void launch_decode_mma(cudaStream_t, const AttentionArguments<__nv_bfloat16>&,
                                const AttentionBounds&, const SplitPlan&, const AttentionPartials&);
template void launch_decode_mma(cudaStream_t, const AttentionArguments<__half>&, const AttentionBounds&,
                                const SplitPlan&, const AttentionPartials&);

}  // namespace tpscale::cuda
