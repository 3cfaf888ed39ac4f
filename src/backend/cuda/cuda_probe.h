#pragma once
#include <cstddef>
#include <functional>

#include "backend/cuda/cublas_lt.h"
#include "backend/cuda/cuda_device.h"
#include "backend/cuda/cuda_memory.h"
#include "backend/cuda/cuda_stream.h"
#include "backend/device_probe.h"

namespace tpscale::cuda {

/// What the card reaches, by its own clock (events).
class CudaProbe final : public DeviceProbe {
 public:
  CudaProbe(CudaMemory& memory, CudaStream& stream, const CudaDevice& device)
      : memory_(memory), stream_(stream), device_(device) {}

  double read_bandwidth(std::size_t working_set_bytes, double seconds) override;
  double copy_bandwidth(std::size_t working_set_bytes, double seconds) override;
  /// f32: multiply-adds of the ordinary units. bf16, f16: matrix units are only reached through a matrix
  /// product, so this is gemm_rate().
  double multiply_add_peak(Dtype dtype, double seconds) override;
  /// Square products of random data; doubled in size while that pays and fits, by the best of the algorithms
  /// cuBLASLt suggests.
  double gemm_rate(Dtype dtype, double seconds) override;

 private:
  double seconds_of(const std::function<void()>& pass);
  double best_rate(double work, double seconds, const std::function<void()>& pass);
  double gemm_rate_of(Dtype dtype, std::int64_t extent, double seconds);

  CudaMemory& memory_;
  CudaStream& stream_;
  const CudaDevice& device_;
};

}  // namespace tpscale::cuda
