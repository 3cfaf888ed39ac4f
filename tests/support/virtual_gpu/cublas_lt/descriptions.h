#pragma once
#include <cublasLt.h>

#include <cstddef>
#include <cstdint>

/// What stands behind the handles of the stand-in for cuBLASLt. Made on the heap, so that a use after destroy
/// is a use after free.
namespace tpscale::virtual_gpu {

struct LtContext {
  int device = 0;
};

struct LtOperation {
  cublasComputeType_t compute_type = CUBLAS_COMPUTE_32F;
  cudaDataType_t scale_type = CUDA_R_32F;
  cublasOperation_t transpose_a = CUBLAS_OP_N;
  cublasOperation_t transpose_b = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
};

/// Column-major: element (row, col) lies at col * stride + row.
struct LtLayout {
  cudaDataType_t type = CUDA_R_32F;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;
};

struct LtPreferences {
  std::uint64_t workspace_bytes = 0;
  std::uint32_t alignment_a = 256;  // the header: "default value is 256"
  std::uint32_t alignment_b = 256;
  std::uint32_t alignment_c = 256;
  std::uint32_t alignment_d = 256;
};

template <class Real, class Handle>
Real* behind(Handle handle) {
  return reinterpret_cast<Real*>(handle);
}

std::size_t bytes_of(cudaDataType_t type);  ///< of an element; 0 for types the stand-in does not know

/// One matrix product as it was described.
struct LtProduct {
  LtOperation operation;
  LtLayout a, b, c, d;
};

/// CUBLAS_STATUS_SUCCESS where the library would take it: types in its table, sizes that fit together.
cublasStatus_t judge(const LtProduct& product);

/// One way to compute a product: what the opaque words of a cublasLtMatmulAlgo_t hold here.
struct LtAlgorithm {
  std::uint64_t magic = 0;
  std::uint64_t parts = 1;      ///< the sum over k is cut into this many, added at the end
  std::uint64_t workspace = 0;  ///< bytes
  std::uint64_t alignment = 1;  ///< of pointers and strides, bytes
};
inline constexpr std::uint64_t kLtMagic = 0x7470736361636c74ULL;
/// False where the words are not one of ours: the library would not know them either.
bool read_algorithm(const cublasLtMatmulAlgo_t* words, LtAlgorithm& algorithm);

}  // namespace tpscale::virtual_gpu
