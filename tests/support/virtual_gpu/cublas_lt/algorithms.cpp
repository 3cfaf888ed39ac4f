#include <algorithm>
#include <array>
#include <cstring>

#include "support/virtual_gpu/cublas_lt/descriptions.h"
#include "support/virtual_gpu/stand_in.h"

namespace vg = tpscale::virtual_gpu;

namespace {

// The fastest ones want aligned operands and a workspace, as the real library's do; the last takes
// everything.
constexpr std::array<vg::LtAlgorithm, 3> kAlgorithms{
    {{vg::kLtMagic, 4, std::uint64_t{1} << 20, 16}, {vg::kLtMagic, 1, 0, 16}, {vg::kLtMagic, 1, 0, 1}}};

std::uint64_t alignment_of(const vg::LtLayout& layout, std::uint64_t pointer) {
  if (layout.cols <= 1) return pointer;
  const std::uint64_t stride = static_cast<std::uint64_t>(layout.stride) * vg::bytes_of(layout.type);
  return std::min(pointer, stride & (~stride + 1));
}

vg::LtProduct product_of(cublasLtMatmulDesc_t operation, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                         cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d) {
  return {*vg::behind<vg::LtOperation>(operation), *vg::behind<vg::LtLayout>(a), *vg::behind<vg::LtLayout>(b),
          *vg::behind<vg::LtLayout>(c), *vg::behind<vg::LtLayout>(d)};
}

}  // namespace

extern "C" {

/// Manual, "cublasLtMatmulAlgoGetHeuristic()": results "in the order of increasing estimated compute time";
/// CUBLAS_STATUS_NOT_SUPPORTED "if no heuristic function available for current configuration"; smaller
/// minimum alignments in the preference "will exclude algorithms that can't work with the buffer".
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int most,
                                              cublasLtMatmulHeuristicResult_t results[], int* found) {
  if (const int code = vg::injected_fault("cublasLtMatmulAlgoGetHeuristic"); code != 0)
    return static_cast<cublasStatus_t>(code);
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (most <= 0 || results == nullptr || found == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  const vg::LtProduct product = product_of(operation, a, b, c, d);
  if (const cublasStatus_t status = vg::judge(product); status != CUBLAS_STATUS_SUCCESS) return status;
  const auto& wanted = *vg::behind<vg::LtPreferences>(preference);
  const std::uint64_t alignment =
      std::min({alignment_of(product.a, wanted.alignment_a), alignment_of(product.b, wanted.alignment_b),
                alignment_of(product.c, wanted.alignment_c), alignment_of(product.d, wanted.alignment_d)});
  *found = 0;
  for (const vg::LtAlgorithm& algorithm : kAlgorithms) {
    if (*found == most) break;
    if (algorithm.workspace > wanted.workspace_bytes || algorithm.alignment > alignment) continue;
    cublasLtMatmulHeuristicResult_t& result = results[(*found)++];
    result = {};
    std::memcpy(result.algo.data, &algorithm, sizeof algorithm);
    result.workspaceSize = algorithm.workspace;
    result.state = CUBLAS_STATUS_SUCCESS;
    result.wavesCount = 1.0F;
  }
  return CUBLAS_STATUS_SUCCESS;
}

/// Header: "CUBLAS_STATUS_SUCCESS doesn't fully guarantee algo will run (will fail if e.g. buffers are not
/// correctly aligned); but if cublasLtMatmulAlgoCheck fails, the algo will not run."
cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t* words,
                                       cublasLtMatmulHeuristicResult_t* result) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  vg::LtAlgorithm algorithm;
  if (!vg::read_algorithm(words, algorithm)) return CUBLAS_STATUS_INVALID_VALUE;
  const vg::LtProduct product = product_of(operation, a, b, c, d);
  if (const cublasStatus_t status = vg::judge(product); status != CUBLAS_STATUS_SUCCESS) return status;
  for (const vg::LtLayout* layout : {&product.a, &product.b, &product.c, &product.d}) {
    if (alignment_of(*layout, 256) < algorithm.alignment) return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  *result = {};
  result->workspaceSize = algorithm.workspace;
  result->state = CUBLAS_STATUS_SUCCESS;
  return CUBLAS_STATUS_SUCCESS;
}

/// Manual, "cublasLtMatmulAlgoCapGetAttribute()": with sizeInBytes other than the attribute's size
/// CUBLAS_STATUS_INVALID_VALUE.
cublasStatus_t cublasLtMatmulAlgoCapGetAttribute(const cublasLtMatmulAlgo_t* words,
                                                 cublasLtMatmulAlgoCapAttributes_t attribute, void* value,
                                                 size_t bytes, size_t* written) {
  vg::LtAlgorithm algorithm;
  if (!vg::read_algorithm(words, algorithm)) return CUBLAS_STATUS_INVALID_VALUE;
  const auto alignment = static_cast<std::uint32_t>(algorithm.alignment);
  const bool known = attribute == CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_A_BYTES ||
                     attribute == CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_B_BYTES ||
                     attribute == CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_C_BYTES ||
                     attribute == CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_D_BYTES;
  if (!known || value == nullptr || bytes != sizeof alignment) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(value, &alignment, sizeof alignment);
  if (written != nullptr) *written = sizeof alignment;
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"
