#pragma once
// Kernels of one row: norms, activation, rotation, arg-max. See vec.h for who may include this.
#include "backend/cpu/kernels/vec.h"

namespace tpscale::cpu {
namespace {

inline float inverse_rms(VecF squares, float epsilon, std::int64_t n) {
  return 1.0F / __builtin_sqrtf(sum(squares) / static_cast<float>(n) + epsilon);
}

template <class Element>
void rms_norm(void* out, const void* x, const float* weight, float epsilon, std::int64_t n) {
  const auto* in = static_cast<const Element*>(x);
  auto* result = static_cast<Element*>(out);
  VecF squares{};
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const VecF v = load_some(in + i, n - i);
    squares += v * v;
  }
  const float scale = inverse_rms(squares, epsilon, n);
  for (std::int64_t i = 0; i < n; i += kLanes) {
    store_some(result + i, load_some(in + i, n - i) * scale * load_some(weight + i, n - i), n - i);
  }
}

template <class Element>
void add_rms_norm(void* out, void* residual, const void* x, const float* weight, float epsilon,
                  std::int64_t n) {
  auto* sums = static_cast<Element*>(residual);
  const auto* in = static_cast<const Element*>(x);
  for (std::int64_t i = 0; i < n; i += kLanes) {
    store_some(sums + i, load_some(sums + i, n - i) + load_some(in + i, n - i), n - i);
  }
  rms_norm<Element>(out, residual, weight, epsilon, n);
}

template <class Element>
void silu_and_mul(void* out, const void* gate, const void* up, std::int64_t n) {
  const auto* g = static_cast<const Element*>(gate);
  const auto* u = static_cast<const Element*>(up);
  auto* result = static_cast<Element*>(out);
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const VecF v = load_some(g + i, n - i);
    store_some(result + i, v / (1.0F + exp(-v)) * load_some(u + i, n - i), n - i);
  }
}

template <class Element>
void norm_rope(void* out, const void* x, const float* weight, float epsilon, const float* cos_sin,
               std::int64_t rotary_dim, std::int64_t n) {
  const auto* in = static_cast<const Element*>(x);
  auto* result = static_cast<Element*>(out);
  float scale = 1.0F;
  if (weight != nullptr) {
    VecF squares{};
    for (std::int64_t i = 0; i < n; i += kLanes) {
      const VecF v = load_some(in + i, n - i);
      squares += v * v;
    }
    scale = inverse_rms(squares, epsilon, n);
  }
  const auto normed = [&](std::int64_t i, std::int64_t left) {
    const VecF v = load_some(in + i, left);
    return weight == nullptr ? v : v * scale * load_some(weight + i, left);
  };
  const std::int64_t half = cos_sin == nullptr ? 0 : rotary_dim / 2;
  for (std::int64_t i = 0; i < half; i += kLanes) {
    const std::int64_t left = half - i;
    const VecF a = normed(i, left);
    const VecF b = normed(half + i, left);
    const VecF c = load_some(cos_sin + i, left);
    const VecF s = load_some(cos_sin + half + i, left);
    store_some(result + i, a * c - b * s, left);
    store_some(result + half + i, b * c + a * s, left);
  }
  for (std::int64_t i = 2 * half; i < n; i += kLanes) store_some(result + i, normed(i, n - i), n - i);
}

template <class Element>
std::int64_t argmax(const void* x, std::int64_t n, float* largest_value) {
  const auto* in = static_cast<const Element*>(x);
  const std::int64_t whole = n / kLanes * kLanes;
  float best = load_one(in);
  if (whole > 0) {
    VecF best_lanes = load(in);
    for (std::int64_t i = kLanes; i < whole; i += kLanes) best_lanes = max(best_lanes, load(in + i));
    best = largest(best_lanes);
  }
  for (std::int64_t i = whole; i < n; ++i) best = load_one(in + i) > best ? load_one(in + i) : best;
  *largest_value = best;
  for (std::int64_t i = 0; i < n; ++i) {
    if (load_one(in + i) == best) return i;
  }
  return 0;
}

}  // namespace
}  // namespace tpscale::cpu
