#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/rows.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

/// Grid: (tokens, pieces of a row).
template <class T, int kWidth>
__global__ void __launch_bounds__(kBlockThreads)
    embedding_kernel(Rows<T> out, Rows<const T> table, const std::int32_t* ids, std::int64_t first_row,
                     std::int64_t num_rows, int cols) {
  const int col = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x) * kWidth;
  if (col >= cols) return;
  const std::int64_t row = ids[blockIdx.x] - first_row;
  float values[kWidth] = {};
  if (row >= 0 && row < num_rows) load_floats(values, table[row] + col);
  store_floats(out[blockIdx.x] + col, values);
}

}  // namespace

void CudaOps::embedding(TensorView out, const LinearWeights& table, const std::int32_t* ids,
                        std::int64_t first_row) {
  const auto* weights = dynamic_cast<const CudaLinearWeights*>(&table);
  check(weights != nullptr, "an embedding table of another backend");
  check(out.cols == table.in_features() && out.dtype == table.dtype(), "embedding: shapes do not fit");
  if (out.rows == 0) return;
  const ConstTensorView lookup(weights->data(), weights->dtype(), weights->out_features(),
                               weights->in_features(), weights->row_stride());
  dispatch_width(out.dtype, whole_vectors(out) && whole_vectors(lookup), [&](auto element, auto width) {
    using T = decltype(element);
    const std::int64_t pieces = out.cols / width();
    const int threads = threads_for(pieces);
    launch(stream_, dim3(static_cast<unsigned>(out.rows), blocks_for(pieces, threads)),
           dim3(static_cast<unsigned>(threads)), 0, embedding_kernel<T, width()>, rows_of<T>(out),
           rows_of<T>(lookup), ids, first_row, weights->out_features(), static_cast<int>(out.cols));
  });
}

}  // namespace tpscale::cuda
