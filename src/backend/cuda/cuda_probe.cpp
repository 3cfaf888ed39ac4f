#include "backend/cuda/cuda_probe.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "backend/cuda/cuda_error.h"
#include "backend/cuda/cuda_event.h"
#include "backend/cuda/probe_kernels.h"
#include "backend/cuda/random_fill.h"

namespace tpscale::cuda {
namespace {

constexpr std::size_t kLeastBytes = std::size_t{1} << 16;
constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;
constexpr std::int64_t kSmallestExtent = 128;
constexpr std::int64_t kLargestExtent = 8192;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::size_t working_set(std::size_t bytes) {
  return std::max(bytes, kLeastBytes) / 256 * 256;
}

}  // namespace

double CudaProbe::seconds_of(const std::function<void()>& pass) {
  CudaEvent begin(cudaEventDefault);
  CudaEvent end(cudaEventDefault);
  begin.record(stream_.get());
  pass();
  end.record(stream_.get());
  stream_.synchronize();
  return std::max(seconds_between(begin, end), 1e-9);
}

/// The best of the passes that fit into `seconds`, and of three at least: what the device can do, which a
/// pass that others disturbed does not tell.
double CudaProbe::best_rate(double work, double seconds, const std::function<void()>& pass) {
  pass();
  double best = 0.0;
  const double end = now() + seconds;
  for (int passes = 0; passes < 3 || now() < end; ++passes) best = std::max(best, work / seconds_of(pass));
  return best;
}

double CudaProbe::read_bandwidth(std::size_t working_set_bytes, double seconds) {
  const std::size_t bytes = working_set(working_set_bytes);
  const Buffer data = memory_.allocate(bytes, MemoryKind::kOther);
  const Buffer checksums = memory_.allocate(
      static_cast<std::size_t>(read_blocks(device_.multiprocessors)) * 4, MemoryKind::kOther);
  fill_random(stream_.get(), data.data(), static_cast<std::int64_t>(bytes / 4), Dtype::kF32);
  return best_rate(static_cast<double>(bytes), seconds, [&] {
    read_all(stream_.get(), checksums.as<std::uint32_t>(), data.data(), bytes,
             read_blocks(device_.multiprocessors));
  });
}

double CudaProbe::copy_bandwidth(std::size_t working_set_bytes, double seconds) {
  const std::size_t bytes = working_set(working_set_bytes) / 2;
  const Buffer from = memory_.allocate(bytes, MemoryKind::kOther);
  const Buffer to = memory_.allocate(bytes, MemoryKind::kOther);
  fill_random(stream_.get(), from.data(), static_cast<std::int64_t>(bytes / 4), Dtype::kF32);
  return best_rate(2.0 * static_cast<double>(bytes), seconds, [&] {
    check_cuda(cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToDevice, stream_.get()),
               "copying on the device");
  });
}

double CudaProbe::multiply_add_peak(Dtype dtype, double seconds) {
  if (dtype != Dtype::kF32) return gemm_rate(dtype, seconds);
  const int blocks = multiply_add_blocks(device_.multiprocessors);
  const Buffer checksums =
      memory_.allocate(static_cast<std::size_t>(blocks) * kMultiplyAddThreads * 4, MemoryKind::kOther);
  std::int64_t rounds = 16;
  const auto pass = [&] { multiply_add(stream_.get(), checksums.as<float>(), blocks, rounds); };
  pass();
  while (rounds < (1 << 16) && seconds_of(pass) < seconds / 8) rounds *= 2;
  return best_rate(multiply_add_flops(blocks, rounds), seconds, pass);
}

double CudaProbe::gemm_rate(Dtype dtype, double seconds) {
  double best = 0.0;
  for (std::int64_t extent = kSmallestExtent; extent <= kLargestExtent; extent *= 2) {
    const double rate = gemm_rate_of(dtype, extent, extent == kLargestExtent ? seconds : 0.0);
    best = std::max(best, rate);
    const double next_seconds = 16.0 * static_cast<double>(extent * extent * extent) / rate;
    if (next_seconds > seconds) break;
  }
  return best;
}

double CudaProbe::gemm_rate_of(Dtype dtype, std::int64_t extent, double seconds) {
  const auto bytes = static_cast<std::size_t>(extent * extent) * size_of(dtype);
  const Buffer x = memory_.allocate(bytes, MemoryKind::kOther);
  const Buffer weights = memory_.allocate(bytes, MemoryKind::kOther);
  const Buffer out = memory_.allocate(bytes, MemoryKind::kOther);
  const Buffer workspace = memory_.allocate(kWorkspaceBytes, MemoryKind::kOther);
  fill_random(stream_.get(), x.data(), extent * extent, dtype);
  fill_random(stream_.get(), weights.data(), extent * extent, dtype);
  const LtHandle handle;
  LtMatmul matmul(handle.get(), {extent, extent, extent, extent, extent, extent, dtype, false, 256});
  const LtOperands operands{out.data(), x.data(), weights.data(), nullptr};
  const double flops =
      2.0 * static_cast<double>(extent) * static_cast<double>(extent) * static_cast<double>(extent);
  const auto algorithms = matmul.suggestions(4, workspace.bytes());
  double best = 0.0;
  for (const cublasLtMatmulAlgo_t& algorithm : algorithms) {
    const auto pass = [&] {
      check_cublas(matmul.run(operands, algorithm, {workspace.data(), workspace.bytes()}, stream_.get()),
                   "cublasLtMatmul");
    };
    best = std::max(best, best_rate(flops, seconds / static_cast<double>(algorithms.size()), pass));
  }
  return best;
}

}  // namespace tpscale::cuda
