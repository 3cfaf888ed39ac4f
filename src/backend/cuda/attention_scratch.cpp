#include "backend/cuda/attention_scratch.h"

#include <algorithm>

namespace tpscale::cuda {

AttentionPartials AttentionScratch::reserve(CudaMemory& memory, std::int64_t arrivals, std::int64_t rows,
                                            int splits, std::int64_t head_dim) {
  const auto size = static_cast<std::int64_t>(sizeof(float));
  AttentionPartials partials;
  partials.arrivals = grow(memory, arrivals_, arrivals * size).as<unsigned>();
  partials.max_and_sum = grow(memory, max_and_sum_, rows * splits * 2 * size).as<float2>();
  partials.weighted = grow(memory, weighted_, rows * splits * head_dim * size).as<float>();
  partials.splits = splits;
  return partials;
}

Buffer& AttentionScratch::grow(CudaMemory& memory, std::vector<Buffer>& buffers, std::int64_t bytes) {
  const auto needed = static_cast<std::size_t>(bytes);
  if (buffers.empty()) {
    buffers.push_back(memory.allocate(needed, MemoryKind::kActivations));
  } else if (buffers.back().bytes() < needed) {
    buffers.push_back(
        memory.allocate(std::max(needed, 2 * buffers.back().bytes()), MemoryKind::kActivations));
  }
  return buffers.back();
}

}  // namespace tpscale::cuda
