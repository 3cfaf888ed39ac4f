#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/rows.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

/// Grid: (tokens, pieces of a row). Row t of `out` grows by row rows[t] of x, or by row t where there are no
/// `rows`.
template <class T, int kWidth>
__global__ void __launch_bounds__(kBlockThreads)
    add_kernel(Rows<T> out, Rows<const T> x, const std::int32_t* rows, int cols) {
  const int col = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x) * kWidth;
  if (col >= cols) return;
  const std::int64_t row = rows == nullptr ? static_cast<std::int64_t>(blockIdx.x) : rows[blockIdx.x];
  float sums[kWidth];
  float more[kWidth];
  load_floats(sums, out[blockIdx.x] + col);
  load_floats(more, x[row] + col);
#pragma unroll
  for (int i = 0; i < kWidth; ++i) sums[i] += more[i];
  store_floats(out[blockIdx.x] + col, sums);
}

void launch_add(cudaStream_t stream, const TensorView& out, const ConstTensorView& x,
                const std::int32_t* rows) {
  if (out.rows == 0) return;
  dispatch_width(out.dtype, whole_vectors(out) && whole_vectors(x), [&](auto element, auto width) {
    using T = decltype(element);
    const std::int64_t pieces = out.cols / width();
    const int threads = threads_for(pieces);
    launch(stream, dim3(static_cast<unsigned>(out.rows), blocks_for(pieces, threads)),
           dim3(static_cast<unsigned>(threads)), 0, add_kernel<T, width()>, rows_of<T>(out), rows_of<T>(x),
           rows, static_cast<int>(out.cols));
  });
}

}  // namespace

void CudaOps::add(TensorView out, ConstTensorView x) {
  check(out.rows == x.rows && out.cols == x.cols && out.dtype == x.dtype, "add: shapes do not fit");
  launch_add(stream_, out, x, nullptr);
}

void CudaOps::add_embedding(TensorView out, const LinearWeights& table, const std::int32_t* rows) {
  const auto* weights = dynamic_cast<const CudaLinearWeights*>(&table);
  check(weights != nullptr, "an embedding table of another backend");
  check(out.cols == table.in_features() && out.dtype == table.dtype(), "add_embedding: shapes do not fit");
  launch_add(stream_, out,
             ConstTensorView(weights->data(), weights->dtype(), weights->out_features(),
                             weights->in_features(), weights->row_stride()),
             rows);
}

}  // namespace tpscale::cuda
