#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "core/dtype.h"
#include "support/virtual_gpu/cublas_lt/descriptions.h"
#include "support/virtual_gpu/stand_in.h"

namespace vg = tpscale::virtual_gpu;

namespace {

struct Pointers {
  const void* a;
  const void* b;
  const void* c;
  void* d;
  const void* bias;
};

tpscale::Dtype dtype_of(cudaDataType_t type) {
  if (type == CUDA_R_32F) return tpscale::Dtype::kF32;
  return type == CUDA_R_16BF ? tpscale::Dtype::kBF16 : tpscale::Dtype::kF16;
}

std::size_t extent(const vg::LtLayout& layout) {
  return static_cast<std::size_t>((layout.cols - 1) * layout.stride + layout.rows) *
         vg::bytes_of(layout.type);
}

/// op(matrix), line by line: k values each. A line is a row of op(A), or a column of op(B).
template <class Element>
std::vector<float> lines_of(const void* data, const vg::LtLayout& layout, bool columns) {
  const auto* elements = static_cast<const Element*>(data);
  const std::int64_t lines = columns ? layout.cols : layout.rows;
  const std::int64_t length = columns ? layout.rows : layout.cols;
  std::vector<float> values(static_cast<std::size_t>(lines * length));
  for (std::int64_t line = 0; line < lines; ++line) {
    for (std::int64_t i = 0; i < length; ++i) {
      const std::int64_t at = columns ? line * layout.stride + i : i * layout.stride + line;
      values[static_cast<std::size_t>(line * length + i)] = static_cast<float>(elements[at]);
    }
  }
  return values;
}

/// Sums of fp32, `parts` of them one behind the other, as an algorithm that splits k adds them.
float dot(const float* a, const float* b, std::int64_t k, std::int64_t parts) {
  float total = 0.0F;
  const std::int64_t step = (k + parts - 1) / parts;
  for (std::int64_t begin = 0; begin < k; begin += step) {
    float sum = 0.0F;
    for (std::int64_t i = begin; i < std::min(k, begin + step); ++i) sum = std::fma(a[i], b[i], sum);
    total += sum;
  }
  return total;
}

template <class Element>
void multiply(const vg::LtProduct& product, const Pointers& at, float alpha, float beta, std::int64_t parts) {
  const bool a_turned = product.operation.transpose_a != CUBLAS_OP_N;
  const bool b_turned = product.operation.transpose_b != CUBLAS_OP_N;
  const std::vector<float> a = lines_of<Element>(at.a, product.a, a_turned);
  const std::vector<float> b = lines_of<Element>(at.b, product.b, !b_turned);
  const std::int64_t k = a_turned ? product.a.rows : product.a.cols;
  const auto* c = static_cast<const Element*>(at.c);
  auto* d = static_cast<Element*>(at.d);
  const auto* bias = static_cast<const Element*>(at.bias);
  for (std::int64_t col = 0; col < product.d.cols; ++col) {
    for (std::int64_t row = 0; row < product.d.rows; ++row) {
      float value = alpha * dot(a.data() + row * k, b.data() + col * k, k, parts);
      if (beta != 0.0F) value += beta * static_cast<float>(c[col * product.c.stride + row]);
      if (bias != nullptr) value += static_cast<float>(bias[row]);
      d[col * product.d.stride + row] = static_cast<Element>(value);
    }
  }
}

void check_alignment(const char* name, const void* pointer, const vg::LtAlgorithm& algorithm) {
  if (reinterpret_cast<std::uintptr_t>(pointer) % algorithm.alignment == 0) return;
  vg::report_bug(std::string("argument ") + name + " of cublasLtMatmul is not aligned to the " +
                 std::to_string(algorithm.alignment) + " bytes its algorithm needs");
}

}  // namespace

/// Manual, "cublasLtMatmul()": D = alpha * op(A) * op(B) + beta * C, then the epilogue; "C and D may be the
/// same"; CUBLAS_STATUS_INVALID_VALUE "when workspaceSizeInBytes is less than workspace required by the
/// configured algo"; beta of zero: C is not read. "alpha and beta: pointers to the scalars", read when called
/// (CUBLASLT_POINTER_MODE_HOST).
extern "C" cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                         const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
                                         const void* b, cublasLtMatrixLayout_t b_layout, const void* beta,
                                         const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                                         cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* words,
                                         void* workspace, size_t workspace_bytes, cudaStream_t stream) {
  if (const int code = vg::injected_fault("cublasLtMatmul"); code != 0)
    return static_cast<cublasStatus_t>(code);
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (alpha == nullptr || beta == nullptr || a == nullptr || b == nullptr || d == nullptr)
    return CUBLAS_STATUS_INVALID_VALUE;
  const vg::LtProduct product{*vg::behind<vg::LtOperation>(operation), *vg::behind<vg::LtLayout>(a_layout),
                              *vg::behind<vg::LtLayout>(b_layout), *vg::behind<vg::LtLayout>(c_layout),
                              *vg::behind<vg::LtLayout>(d_layout)};
  if (const cublasStatus_t status = vg::judge(product); status != CUBLAS_STATUS_SUCCESS) return status;
  vg::LtAlgorithm algorithm;
  if (!vg::read_algorithm(words, algorithm)) return CUBLAS_STATUS_INVALID_VALUE;
  if (workspace_bytes < algorithm.workspace) return CUBLAS_STATUS_INVALID_VALUE;
  if (vg::device_of(stream) != vg::behind<vg::LtContext>(handle)->device)
    vg::report_bug("cublasLtMatmul on a stream of another device than its handle");

  const bool biased = product.operation.epilogue == CUBLASLT_EPILOGUE_BIAS;
  const Pointers at{a, b, c, d, biased ? product.operation.bias : nullptr};
  vg::check_device_memory("argument A of cublasLtMatmul", a, extent(product.a));
  vg::check_device_memory("argument B of cublasLtMatmul", b, extent(product.b));
  vg::check_device_memory("argument D of cublasLtMatmul", d, extent(product.d));
  if (biased) {
    vg::check_device_memory("the bias of cublasLtMatmul", at.bias,
                            static_cast<std::size_t>(product.d.rows) * vg::bytes_of(product.d.type));
  }
  if (algorithm.workspace > 0)
    vg::check_device_memory("the workspace of cublasLtMatmul", workspace, algorithm.workspace);
  check_alignment("A", a, algorithm);
  check_alignment("B", b, algorithm);
  check_alignment("D", d, algorithm);

  float by = 0.0F, and_of = 0.0F;
  std::memcpy(&by, alpha, sizeof by);
  std::memcpy(&and_of, beta, sizeof and_of);
  vg::enqueue(stream, "cublasLtMatmul", [product, at, by, and_of, algorithm, workspace] {
    // The workspace is the library's to write while the product runs: whoever shares it between streams sees
    // it.
    if (algorithm.workspace > 0) std::memset(workspace, 0xA5, algorithm.workspace);
    tpscale::dispatch_dtype(dtype_of(product.a.type), [&](auto element) {
      multiply<decltype(element)>(product, at, by, and_of, static_cast<std::int64_t>(algorithm.parts));
    });
  });
  return CUBLAS_STATUS_SUCCESS;
}
