#pragma once
#pragma GCC system_header
#include_next <cuda_bf16.h>

#include <cmath>

// The header offers these to device code only. As its documentation says: one rounding, to nearest even.
inline __nv_bfloat16 __hfma(__nv_bfloat16 a, __nv_bfloat16 b, __nv_bfloat16 c) {
  return __float2bfloat16_rn(static_cast<float>(std::fma(static_cast<double>(__bfloat162float(a)),
                                                         static_cast<double>(__bfloat162float(b)),
                                                         static_cast<double>(__bfloat162float(c)))));
}
inline __nv_bfloat162 __hfma2(__nv_bfloat162 a, __nv_bfloat162 b, __nv_bfloat162 c) {
  return {__hfma(__low2bfloat16(a), __low2bfloat16(b), __low2bfloat16(c)),
          __hfma(__high2bfloat16(a), __high2bfloat16(b), __high2bfloat16(c))};
}
inline __nv_bfloat16 hexp(__nv_bfloat16 value) {
  return __float2bfloat16_rn(std::exp(__bfloat162float(value)));
}
