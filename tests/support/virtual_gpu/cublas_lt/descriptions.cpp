#include "support/virtual_gpu/cublas_lt/descriptions.h"

#include <cstring>

#include "support/virtual_gpu/stand_in.h"

namespace vg = tpscale::virtual_gpu;

namespace tpscale::virtual_gpu {

std::size_t bytes_of(cudaDataType_t type) {
  if (type == CUDA_R_32F) return 4;
  return type == CUDA_R_16BF || type == CUDA_R_16F ? 2 : 0;
}

/// Manual, "cublasLtMatmul()", table of supported types: CUBLAS_COMPUTE_32F with scale type CUDA_R_32F takes
/// A, B, C and D all of 32F, 16F or 16BF, and a bias of D's type. CUBLAS_STATUS_INVALID_VALUE: "parameters
/// are in conflict or in an impossible configuration".
cublasStatus_t judge(const LtProduct& product) {
  const LtOperation& operation = product.operation;
  if (operation.compute_type != CUBLAS_COMPUTE_32F || operation.scale_type != CUDA_R_32F)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (operation.epilogue != CUBLASLT_EPILOGUE_DEFAULT && operation.epilogue != CUBLASLT_EPILOGUE_BIAS)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  const bool one_type = product.a.type == product.b.type && product.a.type == product.c.type &&
                        product.a.type == product.d.type && bytes_of(product.a.type) != 0;
  if (!one_type) return CUBLAS_STATUS_NOT_SUPPORTED;
  const bool a_turned = operation.transpose_a != CUBLAS_OP_N;
  const bool b_turned = operation.transpose_b != CUBLAS_OP_N;
  const std::int64_t m = a_turned ? product.a.cols : product.a.rows;
  const std::int64_t k = a_turned ? product.a.rows : product.a.cols;
  const std::int64_t k_of_b = b_turned ? product.b.cols : product.b.rows;
  const std::int64_t n = b_turned ? product.b.rows : product.b.cols;
  const bool fits =
      k == k_of_b && product.d.rows == m && product.d.cols == n && product.c.rows == m && product.c.cols == n;
  for (const LtLayout* layout : {&product.a, &product.b, &product.c, &product.d}) {
    if (layout->rows <= 0 || layout->cols <= 0 || layout->stride < layout->rows)
      return CUBLAS_STATUS_INVALID_VALUE;
  }
  return fits ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

bool read_algorithm(const cublasLtMatmulAlgo_t* words, LtAlgorithm& algorithm) {
  if (words == nullptr) return false;
  static_assert(sizeof(LtAlgorithm) <= sizeof(cublasLtMatmulAlgo_t));
  std::memcpy(static_cast<void*>(&algorithm), words->data, sizeof algorithm);
  return algorithm.magic == kLtMagic && algorithm.parts >= 1 && algorithm.parts <= 64;
}

}  // namespace tpscale::virtual_gpu

namespace {

/// Manual, "...SetAttribute()": CUBLAS_STATUS_INVALID_VALUE "if buf is NULL or sizeInBytes doesn't match the
/// size of the internal storage for the selected attribute".
template <class T>
cublasStatus_t store(T& to, const void* from, std::size_t bytes) {
  if (from == nullptr || bytes != sizeof to) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&to, from, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t fault(const char* call) {
  return static_cast<cublasStatus_t>(vg::injected_fault(call));
}

}  // namespace

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  if (const cublasStatus_t error = fault("cublasLtCreate"); error != CUBLAS_STATUS_SUCCESS) return error;
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = reinterpret_cast<cublasLtHandle_t>(new vg::LtContext{vg::current_device()});
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete vg::behind<vg::LtContext>(handle);
  return CUBLAS_STATUS_SUCCESS;
}

size_t cublasLtGetVersion(void) {
  return CUBLAS_VERSION;
}

const char* cublasLtGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    default:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
  }
}

const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "success" : "an error of the virtual cuBLASLt";
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t compute_type,
                                        cudaDataType_t scale_type) {
  if (made == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  auto* operation = new vg::LtOperation;
  operation->compute_type = compute_type;
  operation->scale_type = scale_type;
  *made = reinterpret_cast<cublasLtMatmulDesc_t>(operation);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t description) {
  delete vg::behind<vg::LtOperation>(description);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t description,
                                              cublasLtMatmulDescAttributes_t attribute, const void* value,
                                              size_t bytes) {
  auto* operation = vg::behind<vg::LtOperation>(description);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return store(operation->transpose_a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return store(operation->transpose_b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return store(operation->epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return store(operation->bias, value, bytes);
    default:
      return CUBLAS_STATUS_INVALID_VALUE;
  }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, cudaDataType type, uint64_t rows,
                                          uint64_t cols, int64_t stride) {
  if (made == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *made = reinterpret_cast<cublasLtMatrixLayout_t>(
      new vg::LtLayout{type, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(cols), stride});
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete vg::behind<vg::LtLayout>(layout);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
  if (made == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *made = reinterpret_cast<cublasLtMatmulPreference_t>(new vg::LtPreferences);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete vg::behind<vg::LtPreferences>(preference);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, size_t bytes) {
  auto* wanted = vg::behind<vg::LtPreferences>(preference);
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return store(wanted->workspace_bytes, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
      return store(wanted->alignment_a, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
      return store(wanted->alignment_b, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
      return store(wanted->alignment_c, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return store(wanted->alignment_d, value, bytes);
    default:
      return CUBLAS_STATUS_INVALID_VALUE;
  }
}

}  // extern "C"
