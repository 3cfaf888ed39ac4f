#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/dtype.h"

namespace tpscale::cuda {

/// out[i] = in[i] as `dtype`, `size` of them. Exact for a bias, whose values have been rounded to it.
void convert_bias(cudaStream_t stream, void* out, const float* in, std::int64_t size, Dtype dtype);

}  // namespace tpscale::cuda
