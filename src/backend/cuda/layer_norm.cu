#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/reduce.cuh"
#include "backend/cuda/device/rows.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

/// A block a row, three passes over it, the later ones out of the first-level cache: sum, squares of the
/// distances from the mean (their difference would cancel), output. With kAdd the row of `residual` first
/// becomes its sum with x.
template <class T, int kWidth, bool kAdd>
__global__ void __launch_bounds__(kBlockThreads)
    layer_norm_kernel(Rows<T> out, Rows<T> residual, Rows<const T> x, const float* weight, const float* bias,
                      float epsilon, int cols) {
  __shared__ float sums_of_warps[kMaxWarps];
  __shared__ float squares_of_warps[kMaxWarps];
  const T* added = x[blockIdx.x];
  T* sums = kAdd ? residual[blockIdx.x] : nullptr;
  const int first = static_cast<int>(threadIdx.x) * kWidth;
  const int step = static_cast<int>(blockDim.x) * kWidth;
  float total = 0.0F;
  for (int col = first; col < cols; col += step) {
    float values[kWidth];
    load_floats(values, added + col);
    if constexpr (kAdd) {
      float before[kWidth];
      load_floats(before, sums + col);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) values[i] = rounded_to<T>(before[i] + values[i]);
      store_floats(sums + col, values);
    }
#pragma unroll
    for (int i = 0; i < kWidth; ++i) total += values[i];
  }
  const float mean = sum_block(total, sums_of_warps) / static_cast<float>(cols);
  const T* in = kAdd ? sums : added;
  float squares = 0.0F;
  for (int col = first; col < cols; col += step) {
    float values[kWidth];
    load_floats(values, in + col);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) squares += (values[i] - mean) * (values[i] - mean);
  }
  const float variance = sum_block(squares, squares_of_warps) / static_cast<float>(cols);
  const float scale = 1.0F / sqrtf(variance + epsilon);
  T* result = out[blockIdx.x];
  for (int col = first; col < cols; col += step) {
    float values[kWidth];
    float weights[kWidth];
    float biases[kWidth];
    load_floats(values, in + col);
    load_floats(weights, weight + col);
    load_floats(biases, bias + col);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) values[i] = (values[i] - mean) * scale * weights[i] + biases[i];
    store_floats(result + col, values);
  }
}

template <bool kAdd>
void launch_layer_norm(cudaStream_t stream, const TensorView& out, const TensorView& residual,
                       const ConstTensorView& x, const float* weight, const float* bias, float epsilon) {
  if (x.rows == 0) return;
  const bool vectors = whole_vectors(out) && whole_vectors(x) && on_vector(weight) && on_vector(bias) &&
                       (!kAdd || whole_vectors(residual));
  dispatch_width(x.dtype, vectors, [&](auto element, auto width) {
    using T = decltype(element);
    const int threads = threads_for(x.cols / width());
    launch(stream, dim3(static_cast<unsigned>(x.rows)), dim3(static_cast<unsigned>(threads)), 0,
           layer_norm_kernel<T, width(), kAdd>, rows_of<T>(out), rows_of<T>(residual), rows_of<T>(x), weight,
           bias, epsilon, static_cast<int>(x.cols));
  });
}

}  // namespace

void CudaOps::layer_norm(TensorView out, ConstTensorView x, const float* weight, const float* bias,
                         float epsilon) {
  check(out.rows == x.rows && out.cols == x.cols && out.dtype == x.dtype, "layer_norm: shapes do not fit");
  launch_layer_norm<false>(stream_, out, TensorView{}, x, weight, bias, epsilon);
}

void CudaOps::add_layer_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                             const float* bias, float epsilon) {
  check(out.rows == x.rows && out.cols == x.cols && out.dtype == x.dtype,
        "add_layer_norm: shapes do not fit");
  check(residual.rows == x.rows && residual.cols == x.cols && residual.dtype == x.dtype,
        "add_layer_norm: the residual does not fit");
  launch_layer_norm<true>(stream_, out, residual, x, weight, bias, epsilon);
}

}  // namespace tpscale::cuda
