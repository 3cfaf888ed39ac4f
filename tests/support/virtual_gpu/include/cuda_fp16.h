#pragma once
#pragma GCC system_header
#include_next <cuda_fp16.h>

#include <cmath>

// The header offers these to device code only. As its documentation says: one rounding, to nearest even.
inline __half __hfma(__half a, __half b, __half c) {
  return __float2half_rn(
      static_cast<float>(std::fma(static_cast<double>(__half2float(a)), static_cast<double>(__half2float(b)),
                                  static_cast<double>(__half2float(c)))));
}
inline __half2 __hfma2(__half2 a, __half2 b, __half2 c) {
  return {__hfma(__low2half(a), __low2half(b), __low2half(c)),
          __hfma(__high2half(a), __high2half(b), __high2half(c))};
}
inline __half hexp(__half value) {
  return __float2half_rn(std::exp(__half2float(value)));
}
