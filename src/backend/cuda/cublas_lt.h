#pragma once
#include <cublasLt.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/dtype.h"

namespace tpscale::cuda {

void check_cublas(cublasStatus_t status, const char* what);
cudaDataType_t cuda_type(Dtype dtype) noexcept;

/// The library. One for each backend: it is not tied to a stream.
class LtHandle {
 public:
  LtHandle();
  ~LtHandle();
  LtHandle(const LtHandle&) = delete;
  LtHandle& operator=(const LtHandle&) = delete;
  cublasLtHandle_t get() const noexcept { return handle_; }

 private:
  cublasLtHandle_t handle_ = nullptr;
};

/// One linear layer's shape: out [rows, outs] = x [rows, ins] * weights [outs, ins]^T (+ bias [outs]).
struct LtProblem {
  std::int64_t rows = 0;
  std::int64_t outs = 0;
  std::int64_t ins = 0;
  std::int64_t x_stride = 0;
  std::int64_t weights_stride = 0;
  std::int64_t out_stride = 0;
  Dtype dtype = Dtype::kF32;
  bool bias = false;
  unsigned alignment = 256;  ///< of the rows of x and out and of the bias, bytes, a power of two
  // clang-tidy 14 takes the comparison with 0 that this makes for one with a null pointer.
  auto operator<=>(const LtProblem&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// The operands of one multiplication; bias has the problem's dtype.
struct LtOperands {
  void* out = nullptr;
  const void* x = nullptr;
  const void* weights = nullptr;
  const void* bias = nullptr;
};

struct LtWorkspace {
  void* data = nullptr;
  std::size_t bytes = 0;
};

/// A problem as the library describes it. cuBLASLt counts columns first: our row-major matrices are its
/// transposes, so it computes out^T [outs, rows] = weights^T' * x^T. Sums are fp32 for every dtype, and fp32
/// factors stay fp32 (no TF32).
class LtMatmul {
 public:
  LtMatmul(cublasLtHandle_t handle, const LtProblem& problem);
  ~LtMatmul();
  LtMatmul(const LtMatmul&) = delete;
  LtMatmul& operator=(const LtMatmul&) = delete;

  void set_bias(const void* bias);  ///< before suggestions(), which looks at its alignment
  /// What the library suggests, the most promising first; at most `most` of them.
  std::vector<cublasLtMatmulAlgo_t> suggestions(int most, std::size_t workspace_bytes) const;
  /// Whether `algorithm` can do this problem, with operands so aligned, on this device with that much
  /// workspace.
  bool accepts(const cublasLtMatmulAlgo_t& algorithm, std::size_t workspace_bytes) const;
  /// Enqueues the multiplication.
  cublasStatus_t run(const LtOperands& operands, const cublasLtMatmulAlgo_t& algorithm, LtWorkspace workspace,
                     cudaStream_t stream);

 private:
  cublasLtHandle_t handle_;
  LtProblem problem_;
  cublasLtMatmulDesc_t operation_ = nullptr;
  cublasLtMatrixLayout_t weights_ = nullptr;
  cublasLtMatrixLayout_t x_ = nullptr;
  cublasLtMatrixLayout_t out_ = nullptr;
};

std::string cublas_lt_version();

}  // namespace tpscale::cuda
