#include "backend/cuda/device/element.cuh"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/linear_bias.h"

namespace tpscale::cuda {
namespace {

constexpr unsigned kThreads = 256;

template <class T>
__global__ void convert(T* out, const float* in, std::int64_t size) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < size) out[i] = from_float<T>(in[i]);
}

}  // namespace

void convert_bias(cudaStream_t stream, void* out, const float* in, std::int64_t size, Dtype dtype) {
  dispatch_element(dtype, [&](auto element) {
    using T = decltype(element);
    const auto blocks = static_cast<unsigned>((size + kThreads - 1) / kThreads);
    launch(stream, dim3(blocks), dim3(kThreads), 0, convert<T>, static_cast<T*>(out), in, size);
  });
}

}  // namespace tpscale::cuda
