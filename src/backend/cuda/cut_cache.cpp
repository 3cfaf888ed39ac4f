#include "backend/cuda/cuda_ops.h"
#include "core/error.h"

namespace tpscale::cuda {
namespace {

[[noreturn]] void refuse() {
  throw NotAvailableError("backend 'cuda' does not cut KV caches yet; use --backend cpu for kv-compression");
}

}  // namespace

void CudaOps::rotate_keys(const KvLayerView&, const CachedTokens&, const RotaryTable&) {
  refuse();
}
void CudaOps::key_norms(float*, const CachedTokens&, std::int64_t) {
  refuse();
}
void CudaOps::drop_tokens(const CachedTokens&, const std::int32_t*, std::int64_t) {
  refuse();
}

}  // namespace tpscale::cuda
