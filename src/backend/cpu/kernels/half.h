#pragma once
// binary16 in memory, fp32 in registers: rounded to nearest even, overflow becomes infinity, NaN stays NaN.
// See vec.h for who may include this. AVX2 and AVX-512 convert in one instruction (F16C); the other sets by
// integer arithmetic. All give the same numbers.
#include "backend/cpu/kernels/vec.h"
#if TPSCALE_LANES >= 8
#include <immintrin.h>
#endif

namespace tpscale::cpu {
namespace {

struct Half {
  std::uint16_t bits;
};

#if TPSCALE_LANES == 16
constexpr __mmask16 kEveryLane = 0xFFFF;  // without a mask GCC 12 warns of its own header's undefined values
inline VecF widened(VecH h) {
  return reinterpret_cast<VecF>(_mm512_maskz_cvtph_ps(kEveryLane, reinterpret_cast<__m256i>(h)));
}
inline VecH narrowed(VecF v) {
  return reinterpret_cast<VecH>(
      _mm512_maskz_cvtps_ph(kEveryLane, reinterpret_cast<__m512>(v), _MM_FROUND_TO_NEAREST_INT));
}
#elif TPSCALE_LANES == 8
inline VecF widened(VecH h) {
  return reinterpret_cast<VecF>(_mm256_cvtph_ps(reinterpret_cast<__m128i>(h)));
}
inline VecH narrowed(VecF v) {
  return reinterpret_cast<VecH>(_mm256_cvtps_ph(reinterpret_cast<__m256>(v), _MM_FROUND_TO_NEAREST_INT));
}
#else
/// Exponent and mantissa moved into a float's place are the number times 2^-112, subnormal or not.
inline VecF widened(VecH h) {
  const VecU u = __builtin_convertvector(h, VecU);
  const VecU magnitude = (u & 0x7FFFu) << 13;
  const VecU finite = as_bits(as_float(magnitude) * 0x1p112F);
  return as_float((magnitude < 0x0F800000u ? finite : magnitude | 0x7F800000u) | (u & 0x8000u) << 16);
}
/// As Float16(float) rounds (core/dtype.cpp), in a form that becomes vectors.
inline VecH narrowed(VecF v) {
  const VecU u = as_bits(v);
  const VecU magnitude = u & 0x7FFFFFFFu;
  const VecU rounded = magnitude - 0x38000000u + 0xFFFu + ((magnitude >> 13) & 1u);
  const VecU normal = rounded < 0x0F800000u ? rounded >> 13 : VecU{} + 0x7C00u;
  const VecU subnormal = as_bits(as_float(magnitude) + 0.5F) - 0x3F000000u;
  const VecU finite = magnitude < 0x38800000u ? subnormal : normal;
  const VecU special = magnitude > 0x7F800000u ? VecU{} + 0x7E00u : VecU{} + 0x7C00u;
  return __builtin_convertvector((magnitude < 0x7F800000u ? finite : special) | (u >> 16 & 0x8000u), VecH);
}
#endif

inline VecF load(const Half* p) {
  return widened(*reinterpret_cast<const VecHInMemory*>(p));
}
inline void store(Half* p, VecF v) {
  *reinterpret_cast<VecHInMemory*>(p) = narrowed(v);
}
inline float load_one(const Half* p) {
  VecH h{};
  h[0] = p->bits;
  return widened(h)[0];
}

}  // namespace
}  // namespace tpscale::cpu
