#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/dtype.h"

namespace tpscale::cuda {

/// `size` values, uniform in [-1, 1), the same every time: for timing, where zeros would be faster.
void fill_random(cudaStream_t stream, void* data, std::int64_t size, Dtype dtype);

}  // namespace tpscale::cuda
