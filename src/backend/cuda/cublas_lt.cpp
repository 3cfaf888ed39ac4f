#include "backend/cuda/cublas_lt.h"

#include "core/error.h"

namespace tpscale::cuda {
namespace {

/// What the heuristic may assume; only alive while it is asked.
class Preference {
 public:
  Preference(std::size_t workspace_bytes, unsigned alignment) {
    check_cublas(cublasLtMatmulPreferenceCreate(&preference_), "asking cuBLASLt for an algorithm");
    set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::uint64_t>(workspace_bytes));
    const auto bytes = static_cast<std::uint32_t>(alignment);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, bytes);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, bytes);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, bytes);
  }
  ~Preference() { cublasLtMatmulPreferenceDestroy(preference_); }
  Preference(const Preference&) = delete;
  Preference& operator=(const Preference&) = delete;
  cublasLtMatmulPreference_t get() const noexcept { return preference_; }

 private:
  template <class T>
  void set(cublasLtMatmulPreferenceAttributes_t attribute, const T& value) {
    check_cublas(cublasLtMatmulPreferenceSetAttribute(preference_, attribute, &value, sizeof value),
                 "asking cuBLASLt for an algorithm");
  }
  cublasLtMatmulPreference_t preference_ = nullptr;
};

}  // namespace

void check_cublas(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(ExitCode::kFailure, std::string(what) + " failed: " + cublasLtGetStatusString(status) + " (" +
                                      cublasLtGetStatusName(status) + ")");
}

cudaDataType_t cuda_type(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::kBF16:
      return CUDA_R_16BF;
    case Dtype::kF16:
      return CUDA_R_16F;
    case Dtype::kF32:
      break;
  }
  return CUDA_R_32F;
}

LtHandle::LtHandle() {
  check_cublas(cublasLtCreate(&handle_), "starting cuBLASLt");
}

LtHandle::~LtHandle() {
  cublasLtDestroy(handle_);
}

LtMatmul::LtMatmul(cublasLtHandle_t handle, const LtProblem& problem) : handle_(handle), problem_(problem) {
  constexpr const char* kWhat = "describing a matrix product to cuBLASLt";
  const cudaDataType_t type = cuda_type(problem.dtype);
  const auto layout = [&](cublasLtMatrixLayout_t& made, std::int64_t rows, std::int64_t cols,
                          std::int64_t stride) {
    check_cublas(cublasLtMatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(rows),
                                            static_cast<std::uint64_t>(cols), stride),
                 kWhat);
  };
  check_cublas(cublasLtMatmulDescCreate(&operation_, CUBLAS_COMPUTE_32F, CUDA_R_32F), kWhat);
  const cublasOperation_t transposed = CUBLAS_OP_T;
  check_cublas(
      cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed),
      kWhat);
  if (problem.bias) {
    const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    check_cublas(
        cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue),
        kWhat);
  }
  layout(weights_, problem.ins, problem.outs, problem.weights_stride);
  layout(x_, problem.ins, problem.rows, problem.x_stride);
  layout(out_, problem.outs, problem.rows, problem.out_stride);
}

LtMatmul::~LtMatmul() {
  cublasLtMatrixLayoutDestroy(out_);
  cublasLtMatrixLayoutDestroy(x_);
  cublasLtMatrixLayoutDestroy(weights_);
  cublasLtMatmulDescDestroy(operation_);
}

std::vector<cublasLtMatmulAlgo_t> LtMatmul::suggestions(int most, std::size_t workspace_bytes) const {
  const Preference preference(workspace_bytes, problem_.alignment);
  std::vector<cublasLtMatmulHeuristicResult_t> results(static_cast<std::size_t>(most));
  int found = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle_, operation_, weights_, x_, out_, out_, preference.get(), most, results.data(), &found);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED)
    found = 0;
  else
    check_cublas(status, "asking cuBLASLt for an algorithm");
  std::vector<cublasLtMatmulAlgo_t> algorithms;
  for (int i = 0; i < found; ++i) {
    const auto& result = results[static_cast<std::size_t>(i)];
    if (result.state == CUBLAS_STATUS_SUCCESS) algorithms.push_back(result.algo);
  }
  return algorithms;
}

void LtMatmul::set_bias(const void* bias) {
  if (!problem_.bias) return;
  check_cublas(
      cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias),
      "telling cuBLASLt where a bias lies");
}

bool LtMatmul::accepts(const cublasLtMatmulAlgo_t& algorithm, std::size_t workspace_bytes) const {
  // What cublasLtMatmulAlgoCheck does not look at: it sees no pointers.
  for (const auto attribute :
       {CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_B_BYTES, CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_C_BYTES,
        CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_D_BYTES}) {
    std::uint32_t needed = 0;
    if (cublasLtMatmulAlgoCapGetAttribute(&algorithm, attribute, &needed, sizeof needed, nullptr) !=
            CUBLAS_STATUS_SUCCESS ||
        needed > problem_.alignment)
      return false;
  }
  cublasLtMatmulHeuristicResult_t result{};
  const cublasStatus_t status =
      cublasLtMatmulAlgoCheck(handle_, operation_, weights_, x_, out_, out_, &algorithm, &result);
  return status == CUBLAS_STATUS_SUCCESS && result.state == CUBLAS_STATUS_SUCCESS &&
         result.workspaceSize <= workspace_bytes;
}

cublasStatus_t LtMatmul::run(const LtOperands& operands, const cublasLtMatmulAlgo_t& algorithm,
                             LtWorkspace workspace, cudaStream_t stream) {
  set_bias(operands.bias);
  const float one = 1.0F;
  const float zero = 0.0F;
  return cublasLtMatmul(handle_, operation_, &one, operands.weights, weights_, operands.x, x_, &zero,
                        operands.out, out_, operands.out, out_, &algorithm, workspace.data, workspace.bytes,
                        stream);
}

std::string cublas_lt_version() {
  return std::to_string(cublasLtGetVersion());
}

}  // namespace tpscale::cuda
