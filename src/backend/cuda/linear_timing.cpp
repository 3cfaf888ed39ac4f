#include "backend/cuda/linear_timing.h"

#include <algorithm>

#include "backend/cuda/cuda_error.h"
#include "backend/cuda/cuda_event.h"
#include "backend/cuda/random_fill.h"

namespace tpscale::cuda {
namespace {

constexpr int kTurns = 7;
constexpr double kHopeless = 2.0;  // a candidate this many times slower than the best gets no second turn

Buffer random_matrix(CudaMemory& memory, cudaStream_t stream, std::int64_t rows, std::int64_t cols,
                     Dtype dtype) {
  Buffer buffer = memory.allocate(static_cast<std::size_t>(rows * cols) * size_of(dtype), MemoryKind::kOther);
  fill_random(stream, buffer.data(), rows * cols, dtype);
  return buffer;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

LinearTiming::LinearTiming(CudaMemory& memory, CudaStream& stream, const CudaDevice& device,
                           std::int64_t rows, const CudaLinearWeights& weights)
    : stream_(stream),
      x_data_(random_matrix(memory, stream.get(), rows, weights.in_features(), weights.dtype())),
      out_data_(
          memory.allocate(static_cast<std::size_t>(rows * weights.out_features()) * size_of(weights.dtype()),
                          MemoryKind::kOther)),
      flush_(memory.allocate(2 * device.l2_bytes, MemoryKind::kOther)),
      x_(x_data_.data(), weights.dtype(), rows, weights.in_features()),
      out_(out_data_.data(), weights.dtype(), rows, weights.out_features()) {}

double LinearTiming::time_once(const Candidate& candidate) {
  CudaEvent begin(cudaEventDefault);
  CudaEvent end(cudaEventDefault);
  check_cuda(cudaMemsetAsync(flush_.data(), 0, flush_.bytes(), stream_.get()), "emptying the cache");
  begin.record(stream_.get());
  const bool possible = candidate();
  end.record(stream_.get());
  stream_.synchronize();
  return possible ? seconds_between(begin, end) : kImpossible;
}

std::vector<double> LinearTiming::measure(const std::vector<Candidate>& candidates) {
  std::vector<std::vector<double>> times(candidates.size());
  for (const Candidate& candidate : candidates) time_once(candidate);  // loads the kernels
  std::vector<double> first;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    first.push_back(time_once(candidates[i]));
    times[i].push_back(first.back());
  }
  const double best = first.empty() ? 0.0 : *std::min_element(first.begin(), first.end());
  for (int turn = 1; turn < kTurns; ++turn) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (first[i] <= kHopeless * best && first[i] != kImpossible)
        times[i].push_back(time_once(candidates[i]));
    }
  }
  std::vector<double> medians;
  medians.reserve(times.size());
  for (const auto& one : times) medians.push_back(median(one));
  return medians;
}

}  // namespace tpscale::cuda
