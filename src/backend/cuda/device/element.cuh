#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "core/dtype.h"

namespace tpscale::cuda {

__device__ inline float to_float(float value) {
  return value;
}
__device__ inline float to_float(__nv_bfloat16 value) {
  return __bfloat162float(value);
}
__device__ inline float to_float(__half value) {
  return __half2float(value);
}

/// Rounds to nearest even.
template <class T>
__device__ T from_float(float value);
template <>
__device__ inline float from_float<float>(float value) {
  return value;
}
template <>
__device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}
template <>
__device__ inline __half from_float<__half>(float value) {
  return __float2half_rn(value);
}

/// What a store to T and a load back give.
template <class T>
__device__ float rounded_to(float value) {
  return to_float(from_float<T>(value));
}

/// 16 bytes of elements: one load or store of the widest kind. The address must be a multiple of 16.
template <class T>
struct alignas(16) Vector {
  static constexpr int kSize = 16 / sizeof(T);
  T element[kSize];
};

template <class T>
__device__ Vector<T> load_vector(const T* address) {
  return *reinterpret_cast<const Vector<T>*>(address);
}
template <class T>
__device__ void store_vector(T* address, const Vector<T>& value) {
  *reinterpret_cast<Vector<T>*>(address) = value;
}

/// kWidth elements as floats: one at a time, or whole vectors where kWidth elements are a multiple of 16
/// bytes (the address then is one too).
template <int kWidth, class T>
__device__ void load_floats(float (&values)[kWidth], const T* address) {
  if constexpr (kWidth % Vector<T>::kSize == 0) {
#pragma unroll
    for (int first = 0; first < kWidth; first += Vector<T>::kSize) {
      const Vector<T> vector = load_vector(address + first);
#pragma unroll
      for (int i = 0; i < Vector<T>::kSize; ++i) values[first + i] = to_float(vector.element[i]);
    }
  } else {
#pragma unroll
    for (int i = 0; i < kWidth; ++i) values[i] = to_float(address[i]);
  }
}

template <int kWidth, class T>
__device__ void store_floats(T* address, const float (&values)[kWidth]) {
  if constexpr (kWidth % Vector<T>::kSize == 0) {
#pragma unroll
    for (int first = 0; first < kWidth; first += Vector<T>::kSize) {
      Vector<T> vector;
#pragma unroll
      for (int i = 0; i < Vector<T>::kSize; ++i) vector.element[i] = from_float<T>(values[first + i]);
      store_vector(address + first, vector);
    }
  } else {
#pragma unroll
    for (int i = 0; i < kWidth; ++i) address[i] = from_float<T>(values[i]);
  }
}

/// Calls `function` with a value of the device's type for `dtype`: the one place where a dtype becomes a
/// device type.
template <class Function>
decltype(auto) dispatch_element(Dtype dtype, Function&& function) {
  switch (dtype) {
    case Dtype::kBF16:
      return function(__nv_bfloat16{});
    case Dtype::kF16:
      return function(__half{});
    case Dtype::kF32:
      break;
  }
  return function(float{});
}

}  // namespace tpscale::cuda
