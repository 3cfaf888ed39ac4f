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

/// out += x
template <class Element>
void add(void* out, const void* x, std::int64_t n) {
  auto* sums = static_cast<Element*>(out);
  const auto* in = static_cast<const Element*>(x);
  for (std::int64_t i = 0; i < n; i += kLanes) {
    store_some(sums + i, load_some(sums + i, n - i) + load_some(in + i, n - i), n - i);
  }
}

template <class Element>
void add_rms_norm(void* out, void* residual, const void* x, const float* weight, float epsilon,
                  std::int64_t n) {
  add<Element>(residual, x, n);
  rms_norm<Element>(out, residual, weight, epsilon, n);
}

/// The mean first, then the squares of the distances from it: their difference would cancel.
template <class Element>
void layer_norm(void* out, const void* x, const float* weight, const float* bias, float epsilon,
                std::int64_t n) {
  const auto* in = static_cast<const Element*>(x);
  auto* result = static_cast<Element*>(out);
  VecF total{};
  for (std::int64_t i = 0; i < n; i += kLanes) total += load_some(in + i, n - i);
  const float mean = sum(total) / static_cast<float>(n);
  const std::int64_t whole = n / kLanes * kLanes;
  VecF squares{};
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    const VecF distance = load(in + i) - mean;
    squares += distance * distance;
  }
  float rest = 0.0F;  // the zeros behind a row are no part of it
  for (std::int64_t i = whole; i < n; ++i) rest += (load_one(in + i) - mean) * (load_one(in + i) - mean);
  const float variance = (sum(squares) + rest) / static_cast<float>(n);
  const float scale = 1.0F / __builtin_sqrtf(variance + epsilon);
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const VecF normed = (load_some(in + i, n - i) - mean) * scale;
    store_some(result + i, normed * load_some(weight + i, n - i) + load_some(bias + i, n - i), n - i);
  }
}

/// Phi(x) by formula 7.1.26 of Abramowitz and Stegun for erf, which errs by 1.5e-7 at most.
inline VecF normal_share(VecF x) {
  const VecF z = max(x, -x) * 0.70710678F;
  const VecF t = 1.0F / (1.0F + 0.3275911F * z);
  const VecF series =
      ((((1.061405429F * t - 1.453152027F) * t + 1.421413741F) * t - 0.284496736F) * t + 0.254829592F) * t;
  const VecF tail = 0.5F * series * exp(-z * z);  // 1 - Phi(|x|)
  return x < 0.0F ? tail : 1.0F - tail;
}

template <class Element>
void gelu(void* out, const void* x, bool tanh_formula, std::int64_t n) {
  const auto* in = static_cast<const Element*>(x);
  auto* result = static_cast<Element*>(out);
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const VecF v = load_some(in + i, n - i);
    // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3)
    const VecF share =
        tanh_formula ? 1.0F / (1.0F + exp(-1.5957691F * (v + 0.044715F * v * v * v))) : normal_share(v);
    store_some(result + i, v * share, n - i);
  }
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
