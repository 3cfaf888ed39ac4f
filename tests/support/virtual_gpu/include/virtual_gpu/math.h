#pragma once
#pragma GCC system_header
#include <cmath>
#include <cstdint>

// CUDA Math API, "Single Precision Mathematical Functions" and "Intrinsics". The fast ones are exact here;
// the real ones are off by a few units in the last place.
inline float rsqrtf(float value) {
  return 1.0F / std::sqrt(value);
}
inline double rsqrt(double value) {
  return 1.0 / std::sqrt(value);
}
inline float __frsqrt_rn(float value) {
  return 1.0F / std::sqrt(value);
}
inline float __fsqrt_rn(float value) {
  return std::sqrt(value);
}
inline float __frcp_rn(float value) {
  return 1.0F / value;
}
inline float __expf(float value) {
  return std::exp(value);
}
inline float __exp10f(float value) {
  return std::pow(10.0F, value);
}
inline float __logf(float value) {
  return std::log(value);
}
inline float __log2f(float value) {
  return std::log2(value);
}
inline float __sinf(float value) {
  return std::sin(value);
}
inline float __cosf(float value) {
  return std::cos(value);
}
inline float __powf(float base, float exponent) {
  return std::pow(base, exponent);
}
inline float __tanhf(float value) {
  return std::tanh(value);
}
inline float __fdividef(float a, float b) {
  return a / b;
}
inline float __fdiv_rn(float a, float b) {
  return a / b;
}
inline float __fmul_rn(float a, float b) {
  return a * b;
}
inline float __fadd_rn(float a, float b) {
  return a + b;
}
inline float __fsub_rn(float a, float b) {
  return a - b;
}
inline float __fmaf_rn(float a, float b, float c) {
  return std::fma(a, b, c);
}
inline float __saturatef(float value) {
  return value > 1.0F ? 1.0F : value > 0.0F ? value : 0.0F;
}
inline int __float2int_rn(float value) {
  return static_cast<int>(std::nearbyint(value));
}
inline int __float2int_rz(float value) {
  return static_cast<int>(value);
}
inline int __float2int_rd(float value) {
  return static_cast<int>(std::floor(value));
}
inline float __int2float_rn(int value) {
  return static_cast<float>(value);
}
inline float __uint2float_rn(unsigned value) {
  return static_cast<float>(value);
}

// As overloaded by nvcc: of floats, a NaN gives way to a number.
inline int min(int a, int b) {
  return b < a ? b : a;
}
inline int max(int a, int b) {
  return a < b ? b : a;
}
inline unsigned min(unsigned a, unsigned b) {
  return b < a ? b : a;
}
inline unsigned max(unsigned a, unsigned b) {
  return a < b ? b : a;
}
inline unsigned min(int a, unsigned b) {
  return min(static_cast<unsigned>(a), b);
}
inline unsigned max(int a, unsigned b) {
  return max(static_cast<unsigned>(a), b);
}
inline unsigned min(unsigned a, int b) {
  return min(a, static_cast<unsigned>(b));
}
inline unsigned max(unsigned a, int b) {
  return max(a, static_cast<unsigned>(b));
}
inline long min(long a, long b) {
  return b < a ? b : a;
}
inline long max(long a, long b) {
  return a < b ? b : a;
}
inline unsigned long min(unsigned long a, unsigned long b) {
  return b < a ? b : a;
}
inline unsigned long max(unsigned long a, unsigned long b) {
  return a < b ? b : a;
}
inline long long min(long long a, long long b) {
  return b < a ? b : a;
}
inline long long max(long long a, long long b) {
  return a < b ? b : a;
}
inline unsigned long long min(unsigned long long a, unsigned long long b) {
  return b < a ? b : a;
}
inline unsigned long long max(unsigned long long a, unsigned long long b) {
  return a < b ? b : a;
}
inline float min(float a, float b) {
  return std::fmin(a, b);
}
inline float max(float a, float b) {
  return std::fmax(a, b);
}
inline double min(double a, double b) {
  return std::fmin(a, b);
}
inline double max(double a, double b) {
  return std::fmax(a, b);
}
