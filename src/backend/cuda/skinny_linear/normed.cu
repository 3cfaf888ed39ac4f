#include "backend/cuda/skinny_linear/launch_skinny.cuh"
#include "backend/cuda/skinny_linear/skinny_linear.h"

namespace tpscale::cuda {
namespace {

constexpr std::size_t kMostSharedBytes = 64 * 1024;  // three blocks a multiprocessor

std::size_t shared_bytes_of(const NormedRows& rows) {
  return rows.residual.bytes();
}

template <class T>
NormedInput<T> input_of(const NormedRows& rows) {
  return {rows_of<T>(rows.residual),
          rows_of<T>(rows.x),
          rows_of<T>(rows.new_residual),
          rows.weight,
          rows.epsilon,
          static_cast<int>(rows.residual.rows)};
}

void check_rows(const NormedRows& rows, const TensorView& out, const CudaLinearWeights& weights) {
  check(skinny_linear_takes(rows), "skinny_linear: rows to normalise that it does not take");
  check(rows.x.rows == rows.residual.rows && rows.x.cols == rows.residual.cols &&
            rows.new_residual.rows == rows.residual.rows && rows.new_residual.cols == rows.residual.cols,
        "skinny_linear: the residual does not fit");
  check(out.rows == rows.residual.rows && rows.residual.cols == weights.in_features() &&
            out.dtype == weights.dtype() && rows.residual.dtype == weights.dtype(),
        "skinny_linear: shapes do not fit");
}

}  // namespace

bool skinny_linear_takes(const NormedRows& rows) {
  return rows.residual.rows >= 1 && rows.residual.rows <= kMostNormedRows &&
         shared_bytes_of(rows) <= kMostSharedBytes && whole_vectors(rows.residual) && whole_vectors(rows.x) &&
         whole_vectors(rows.new_residual) && on_vector(rows.weight) &&
         rows.new_residual.data != rows.residual.data;
}

void skinny_linear(cudaStream_t stream, TensorView out, const NormedRows& rows,
                   const CudaLinearWeights& weights, const float* bias) {
  check_rows(rows, out, weights);
  check(out.cols == weights.out_features(), "skinny_linear: shapes do not fit");
  dispatch_element(out.dtype, [&](auto element) {
    using T = decltype(element);
    const LinearOutput<T> output{rows_of<T>(out), bias, static_cast<int>(out.cols)};
    launch_skinny<T, kMostNormedRows>(stream, weights, input_of<T>(rows), output, shared_bytes_of(rows));
  });
}

void skinny_linear_silu_and_mul(cudaStream_t stream, TensorView out, const NormedRows& rows,
                                const CudaLinearWeights& weights, const float* bias) {
  check_rows(rows, out, weights);
  check(2 * out.cols == weights.out_features(), "skinny_linear_silu_and_mul: shapes do not fit");
  dispatch_element(out.dtype, [&](auto element) {
    using T = decltype(element);
    const SiluOutput<T> output{rows_of<T>(out), bias, static_cast<int>(out.cols)};
    launch_skinny<T, kMostNormedRows>(stream, weights, input_of<T>(rows), output, shared_bytes_of(rows));
  });
}

}  // namespace tpscale::cuda
