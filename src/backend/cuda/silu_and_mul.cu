#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/rows.cuh"
#include "backend/cuda/device/silu.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

/// Grid: (tokens, pieces of a row). cols: of `out`, half of those of `gate_up`.
template <class T, int kWidth>
__global__ void __launch_bounds__(kBlockThreads)
    silu_and_mul_kernel(Rows<T> out, Rows<const T> gate_up, int cols) {
  const int col = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x) * kWidth;
  if (col >= cols) return;
  const T* row = gate_up[blockIdx.x];
  float gate[kWidth];
  float up[kWidth];
  load_floats(gate, row + col);
  load_floats(up, row + cols + col);
#pragma unroll
  for (int i = 0; i < kWidth; ++i) gate[i] = silu(gate[i]) * up[i];
  store_floats(out[blockIdx.x] + col, gate);
}

}  // namespace

void CudaOps::silu_and_mul(TensorView out, ConstTensorView gate_up) {
  check(out.rows == gate_up.rows && gate_up.cols == 2 * out.cols && out.dtype == gate_up.dtype,
        "silu_and_mul: shapes do not fit");
  if (out.rows == 0) return;
  // Both halves of a row of gate_up begin at a multiple of 16 bytes where out's columns are whole vectors.
  const bool vectors = whole_vectors(out) && rows_on_vectors(gate_up);
  dispatch_width(out.dtype, vectors, [&](auto element, auto width) {
    using T = decltype(element);
    const std::int64_t pieces = out.cols / width();
    const int threads = threads_for(pieces);
    launch(stream_, dim3(static_cast<unsigned>(out.rows), blocks_for(pieces, threads)),
           dim3(static_cast<unsigned>(threads)), 0, silu_and_mul_kernel<T, width()>, rows_of<T>(out),
           rows_of<T>(gate_up), static_cast<int>(out.cols));
  });
}

}  // namespace tpscale::cuda
