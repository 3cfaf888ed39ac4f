#pragma once
#include <bit>
#include <cstdint>

#include "backend/cuda/device/element.cuh"
#include "backend/cuda/device/reduce.cuh"

namespace tpscale::cuda {

/// How heads lie in fused rows and in the cache, and how the lanes of a warp share them.
struct HeadShape {
  int num_heads;
  int num_kv_heads;
  int head_dim;
  int rotary_dim;
  int lanes;  ///< that share a head: a power of two, at most a warp
};

/// As many lanes as take one pair of `width` elements each.
inline int lanes_of_head(std::int64_t head_dim, int width) {
  const auto pairs = static_cast<unsigned>((head_dim + 2 * width - 1) / (2 * width));
  return static_cast<int>(pairs >= kWarpSize ? kWarpSize : std::bit_ceil(pairs));
}

/// The sum of a head's squares, in all its lanes. All lanes of the warp take part; a head that is not wanted
/// is not read.
template <class T, int kWidth>
__device__ float head_squares(const T* head, bool wanted, const HeadShape& shape, int lane) {
  float squares = 0.0F;
  for (int d = lane * kWidth; wanted && d < shape.head_dim; d += shape.lanes * kWidth) {
    float values[kWidth];
    load_floats(values, head + d);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) squares += values[i] * values[i];
  }
  return sum_lanes(squares, shape.lanes);
}

/// 1 / root mean square of a head, likewise.
template <class T, int kWidth>
__device__ float head_scale(const T* head, bool wanted, float epsilon, const HeadShape& shape, int lane) {
  const float mean = head_squares<T, kWidth>(head, wanted, shape, lane) / static_cast<float>(shape.head_dim);
  return 1.0F / sqrtf(mean + epsilon);
}

template <class T, int kWidth>
__device__ void load_normed(float (&values)[kWidth], const T* head, const float* weight, float scale, int d) {
  load_floats(values, head + d);
  if (weight == nullptr) return;
  float weights[kWidth];
  load_floats(weights, weight + d);
#pragma unroll
  for (int i = 0; i < kWidth; ++i) values[i] = values[i] * scale * weights[i];
}

/// The head, normalised and rotated, from `head` to `out`, which may be the same: a lane reads both halves of
/// its pairs before it writes them, and no lane reads what another writes.
template <class T, int kWidth>
__device__ void rotate(T* out, const T* head, const float* weight, float scale, const float* cos_sin,
                       const HeadShape& shape, int lane) {
  const int half = shape.rotary_dim / 2;
  for (int d = lane * kWidth; d < half; d += shape.lanes * kWidth) {
    float a[kWidth];
    float b[kWidth];
    float cosines[kWidth];
    float sines[kWidth];
    load_normed<T, kWidth>(a, head, weight, scale, d);
    load_normed<T, kWidth>(b, head, weight, scale, half + d);
    load_floats(cosines, cos_sin + d);
    load_floats(sines, cos_sin + half + d);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      const float turned = a[i] * cosines[i] - b[i] * sines[i];
      b[i] = b[i] * cosines[i] + a[i] * sines[i];
      a[i] = turned;
    }
    store_floats(out + d, a);
    store_floats(out + half + d, b);
  }
  for (int d = 2 * half + lane * kWidth; d < shape.head_dim; d += shape.lanes * kWidth) {
    float values[kWidth];
    load_normed<T, kWidth>(values, head, weight, scale, d);
    store_floats(out + d, values);
  }
}

}  // namespace tpscale::cuda
