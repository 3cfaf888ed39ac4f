#include "backend/cpu/kernels/kernels.h"

namespace tpscale::cpu {

const Kernels& generic_kernels(bool bf16);

std::int64_t attention_scratch(std::int64_t /*group*/, std::int64_t head_dim) {
  return 2 * head_dim + 64;
}

const Kernels& kernels(Isa /*isa*/, bool bf16) {
  return generic_kernels(bf16);
}

}  // namespace tpscale::cpu
