#include "backend/cuda/attention/dispatch_head_dim.h"
#include "backend/cuda/attention/kernels.h"
#include "backend/cuda/attention/mma_tile.cuh"
#include "backend/cuda/attention/row_tile.cuh"
#include "backend/cuda/device/element.cuh"
#include "backend/cuda/device/launch.cuh"

namespace tpscale::cuda {
namespace {

/// Rounds a warp's rows and writes them in 16-byte vectors, by way of shared memory that is the warp's own.
template <class T, int kDim>
__device__ void store_rows(const SequenceHead<T>& sequence, const MmaTile<T, kDim>& tile,
                           const MmaResult<kDim>& result) {
  using Shape = MmaShape<kDim>;
  const AttentionArguments<T>& all = sequence.arguments;
  const int lane = tile.lane();
  T* rows = dynamic_shared<T>() + tile.warp() * Shape::kRowsOfWarp * Shape::kPitch;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float factor = result.sum[half] > 0.0F ? 1.0F / result.sum[half] : 0.0F;
    T* to = rows + (lane / 4 + 8 * half) * Shape::kPitch + lane % 4 * 2;
#pragma unroll
    for (int part = 0; part < kDim / 8; ++part) {
      *reinterpret_cast<std::uint32_t*>(to + part * 8) =
          pack<T>(result.out[part][2 * half] * factor, result.out[part][2 * half + 1] * factor);
    }
  }
  __syncwarp();
  const int first_row = tile.row(0) - lane / 4;
  for (int i = lane; i < Shape::kRowsOfWarp * Shape::kVectors; i += 32) {
    const int row = first_row + i / Shape::kVectors;
    const int component = i % Shape::kVectors * 8;
    if (row >= sequence.rows() || component >= all.head_dim) continue;
    store_vector(all.out + sequence.element(row, all.out_stride) + component,
                 load_vector(rows + i / Shape::kVectors * Shape::kPitch + component));
  }
}

/// A block a tile of 64 rows; the last tiles, which see the most keys, first.
template <class T, int kDim>
__global__ void __launch_bounds__(MmaShape<kDim>::kThreads, MmaShape<kDim>::kBlocks)
    prefill_mma_kernel(const AttentionArguments<T> arguments, int num_sequences) {
  using Shape = MmaShape<kDim>;
  const RowTile place =
      RowTile::find(arguments, num_sequences, Shape::kRows, static_cast<int>(gridDim.x - 1 - blockIdx.x));
  if (place.sequence < 0) return;
  const int first_row = place.first_row;
  const SequenceHead<T> sequence(arguments, place.sequence, static_cast<int>(blockIdx.y));
  const int last_row = min(first_row + Shape::kRows, sequence.rows()) - 1;
  MmaTile<T, kDim> tile(sequence, first_row, sequence.first_key(first_row), sequence.end_key(last_row));
  const MmaResult<kDim> result = tile.attend();
  __syncthreads();  // the other warps have done with the keys and values
  store_rows(sequence, tile, result);
}

}  // namespace

template <class T>
void launch_prefill_mma(cudaStream_t stream, const AttentionArguments<T>& arguments,
                        const AttentionBounds& bounds) {
  dispatch_head_dim(arguments.head_dim, [&](auto dim) {
    using Shape = MmaShape<dim()>;
    const dim3 grid(RowTile::most(bounds.tokens, bounds.sequences, arguments.group, Shape::kRows),
                    static_cast<unsigned>(arguments.num_kv_heads));
    launch(stream, grid, dim3(Shape::kThreads), Shape::kSharedBytes, prefill_mma_kernel<T, dim()>, arguments,
           bounds.sequences);
  });
}

template void launch_prefill_mma(cudaStream_t, const AttentionArguments<__nv_bfloat16>&,
                                 const AttentionBounds&);
template void launch_prefill_mma(cudaStream_t, const AttentionArguments<__half>&, const AttentionBounds&);

}  // namespace tpscale::cuda
