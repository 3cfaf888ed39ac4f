#include "backend/cuda/pinned_staging.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"

namespace tpscale::cuda {
namespace {

constexpr std::size_t kSegments = 4;
constexpr std::size_t kAlignment = 256;

}  // namespace

PinnedStaging::PinnedStaging(CudaStream& stream, PinnedMemory& memory) : stream_(stream), memory_(memory) {
  segments_.reserve(kSegments);
}

std::byte* PinnedStaging::reserve(std::size_t bytes) {
  check(bytes <= kSegmentBytes, "more than a segment of staging memory");
  if (kSegmentBytes - used_ < bytes) {
    if (!segments_.empty()) {
      segments_[current_].passed.record(stream_.get());
      segments_[current_].recorded = true;
    }
    if (segments_.size() < kSegments) {
      segments_.push_back(Segment{memory_.allocate(kSegmentBytes)});
      current_ = segments_.size() - 1;
    } else {
      current_ = (current_ + 1) % kSegments;
      if (segments_[current_].recorded) stream_.wait_for(segments_[current_].passed.get());
    }
    used_ = 0;
  }
  std::byte* place = segments_[current_].memory.get() + used_;
  used_ = std::min(kSegmentBytes, (used_ + bytes + kAlignment - 1) / kAlignment * kAlignment);
  return place;
}

void PinnedStaging::upload(void* device, const void* host, std::size_t bytes) {
  auto* to = static_cast<std::byte*>(device);
  const auto* from = static_cast<const std::byte*>(host);
  while (bytes > 0) {
    const std::size_t piece = std::min(bytes, kSegmentBytes);
    std::byte* staged = reserve(piece);
    std::memcpy(staged, from, piece);
    check_cuda(cudaMemcpyAsync(to, staged, piece, cudaMemcpyHostToDevice, stream_.get()),
               "copying to the device");
    to += piece;
    from += piece;
    bytes -= piece;
  }
}

void PinnedStaging::download(void* host, const void* device, std::size_t bytes) {
  auto* to = static_cast<std::byte*>(host);
  const auto* from = static_cast<const std::byte*>(device);
  while (bytes > 0) {
    const std::size_t piece = std::min(bytes, kSegmentBytes);
    std::byte* staged = reserve(piece);
    check_cuda(cudaMemcpyAsync(staged, from, piece, cudaMemcpyDeviceToHost, stream_.get()),
               "copying from the device");
    stream_.synchronize();
    std::memcpy(to, staged, piece);
    to += piece;
    from += piece;
    bytes -= piece;
  }
}

}  // namespace tpscale::cuda
