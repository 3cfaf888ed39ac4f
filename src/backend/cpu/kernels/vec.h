#pragma once
// Vectors of kLanes floats in the compiler's own vector types. Included only by the files of one instruction
// set, which define TPSCALE_LANES before; everything has internal linkage, because the same inline function
// compiled for two sets must never be merged by the linker. For the same reason nothing here uses inline
// functions of other headers.
#include <cstdint>
#include <cstring>

#ifndef TPSCALE_LANES
#define TPSCALE_LANES 4
#endif

namespace tpscale::cpu {
namespace {

constexpr int kLanes = TPSCALE_LANES;
typedef float VecF __attribute__((vector_size(kLanes * 4)));
typedef std::uint32_t VecU __attribute__((vector_size(kLanes * 4)));
typedef std::int32_t VecI __attribute__((vector_size(kLanes * 4)));
typedef std::uint16_t VecH __attribute__((vector_size(kLanes * 2)));
// The same in memory, where they are aligned like their elements (and alias them: a copy by bytes would alias
// all).
typedef float VecFInMemory __attribute__((vector_size(kLanes * 4), aligned(4)));
typedef std::uint32_t VecUInMemory __attribute__((vector_size(kLanes * 4), aligned(4)));
typedef std::uint16_t VecHInMemory __attribute__((vector_size(kLanes * 2), aligned(2)));

template <int... kIndex>
struct Indices {};
template <int kCount, int... kIndex>
struct CountTo : CountTo<kCount - 1, kCount - 1, kIndex...> {};
template <int... kIndex>
struct CountTo<0, kIndex...> {
  using Type = Indices<kIndex...>;
};
using AllLanes = CountTo<kLanes>::Type;

using Bits16 = std::uint16_t;  // a bfloat16 in memory

inline VecU as_bits(VecF v) {
  return reinterpret_cast<VecU>(v);
}
inline VecF as_float(VecU v) {
  return reinterpret_cast<VecF>(v);
}
inline VecF splat(float x) {
  return x - VecF{};
}

inline VecF load(const float* p) {
  return *reinterpret_cast<const VecFInMemory*>(p);
}
inline VecF load(const Bits16* p) {
  const VecH h = *reinterpret_cast<const VecHInMemory*>(p);
  return as_float(__builtin_convertvector(h, VecU) << 16);
}
inline VecU load_words(const std::uint32_t* p) {
  return *reinterpret_cast<const VecUInMemory*>(p);
}
inline void store(float* p, VecF v) {
  *reinterpret_cast<VecFInMemory*>(p) = v;
}
/// Rounds to nearest even; a NaN stays one.
inline void store(Bits16* p, VecF v) {
  const VecU u = as_bits(v);
  const VecU rounded = u + 0x7FFFu + ((u >> 16) & 1u);
  const VecU bits = v == v ? rounded : (u | 0x400000u);
  *reinterpret_cast<VecHInMemory*>(p) = __builtin_convertvector(bits >> 16, VecH);
}

inline float load_one(const float* p) {
  return *p;
}
inline float load_one(const Bits16* p) {
  const std::uint32_t u = static_cast<std::uint32_t>(*p) << 16;
  float f;
  std::memcpy(&f, &u, sizeof f);
  return f;
}
inline void store_one(float* p, float x) {
  *p = x;
}
inline void store_one(Bits16* p, float x) {
  std::uint32_t u;
  std::memcpy(&u, &x, sizeof u);
  u = x == x ? u + 0x7FFFu + ((u >> 16) & 1u) : (u | 0x400000u);
  *p = static_cast<Bits16>(u >> 16);
}
/// The first n < kLanes elements, zeros behind.
template <class T>
inline VecF load_part(const T* p, std::int64_t n) {
  T values[kLanes] = {};
  std::memcpy(values, p, static_cast<std::size_t>(n) * sizeof(T));
  return load(values);
}
template <class T>
inline void store_part(T* p, VecF v, std::int64_t n) {
  T values[kLanes];
  store(values, v);
  std::memcpy(p, values, static_cast<std::size_t>(n) * sizeof(T));
}
template <class T>
inline VecF load_some(const T* p, std::int64_t n) {
  return n >= kLanes ? load(p) : load_part(p, n);
}
template <class T>
inline void store_some(T* p, VecF v, std::int64_t n) {
  if (n >= kLanes) {
    store(p, v);
  } else {
    store_part(p, v, n);
  }
}

inline float sum(VecF v) {
  float lanes[kLanes];
  store(lanes, v);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}
inline float largest(VecF v) {
  float lanes[kLanes];
  store(lanes, v);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] = lanes[i] > lanes[i + width] ? lanes[i] : lanes[i + width];
  }
  return lanes[0];
}
template <int kStep, int... kIndex>
inline void swap_corners(VecF& a, VecF& b, Indices<kIndex...> /*lanes*/) {
  const VecF low =
      __builtin_shufflevector(a, b, ((kIndex & kStep) != 0 ? kLanes + kIndex - kStep : kIndex)...);
  b = __builtin_shufflevector(a, b, ((kIndex & kStep) != 0 ? kLanes + kIndex : kIndex + kStep)...);
  a = low;
}
template <int kStep>
inline void transpose_step(VecF (&rows)[kLanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if ((i & kStep) == 0) swap_corners<kStep>(rows[i], rows[i + kStep], AllLanes{});
  }
  if constexpr (kStep * 2 < kLanes) transpose_step<kStep * 2>(rows);
}
/// rows[i][j] becomes rows[j][i].
inline void transpose(VecF (&rows)[kLanes]) {
  transpose_step<1>(rows);
}

inline VecF max(VecF a, VecF b) {
  return a > b ? a : b;
}
inline VecF min(VecF a, VecF b) {
  return a < b ? a : b;
}

/// exp(x) within 2 ulp for x in [-87, 88]; 0 below, infinity above 88.38. Cephes' reduction x = n ln 2 + r
/// and a polynomial of degree 6 in r, |r| <= ln 2 / 2 (Moshier, "Methods and Programs for Mathematical
/// Functions").
inline VecF exp(VecF x) {
  const VecF clamped = max(min(x, splat(89.0F)), splat(-87.0F));
  const VecF shifter = splat(12582912.0F);  // 1.5 * 2^23: adding it rounds to an integer
  const VecF biased = clamped * 1.44269504F + shifter;
  const VecF n = biased - shifter;
  const VecF r = (clamped - n * 0.693359375F) + n * 2.12194440e-4F;
  VecF p = r * 1.9875691500e-4F + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r + 1.0F;
  const VecU scale = (as_bits(biased) << 23) + 0x3F800000u;
  const VecF result = p * as_float(scale);
  return x < splat(-87.0F) ? VecF{} : result;
}

}  // namespace
}  // namespace tpscale::cpu
