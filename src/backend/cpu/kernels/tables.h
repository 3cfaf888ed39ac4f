#pragma once
// The table of a set for one dtype. See vec.h for who may include this.
#include "backend/cpu/kernels/attention_kernels.h"
#include "backend/cpu/kernels/gemm_kernels.h"
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

}  // namespace
}  // namespace tpscale::cpu
