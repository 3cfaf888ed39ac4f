#pragma once
// The tables of a set, one for each dtype. See vec.h for who may include this.
#include "backend/cpu/kernels/attention_kernels.h"
#include "backend/cpu/kernels/gemm_kernels.h"
#include "backend/cpu/kernels/half.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/probe_kernels.h"
#include "backend/cpu/kernels/row_kernels.h"

namespace tpscale::cpu {
namespace {

template <class Element>
Kernels make_kernels() {
  Kernels table;
  table.rms_norm = rms_norm<Element>;
  table.add_rms_norm = add_rms_norm<Element>;
  table.layer_norm = layer_norm<Element>;
  table.add = add<Element>;
  table.gelu = gelu<Element>;
  table.silu_and_mul = silu_and_mul<Element>;
  table.norm_rope = norm_rope<Element>;
  table.argmax = argmax<Element>;
  table.packed_size = sizeof(float);
  table.rows_at_once = kLanes >= 8 ? 256 : 64;
  table.pack_rows = pack_rows<Element>;
  table.gemm = gemm<Element>;
  table.attention = attention<Element>;
  table.read_all = read_all;
  table.multiply_adds = multiply_adds;
  table.round_flops = 2.0 * kChains * kLanes;
  return table;
}

struct KernelTables {
  Kernels f32 = make_kernels<float>();
  Kernels bf16 = make_kernels<Bits16>();
  Kernels f16 = make_kernels<Half>();

  const Kernels& of(Dtype dtype) const {
    return dtype == Dtype::kF32 ? f32 : dtype == Dtype::kBF16 ? bf16 : f16;
  }
};

}  // namespace
}  // namespace tpscale::cpu
