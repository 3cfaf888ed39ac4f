#pragma once
#include <cstdint>
#include <vector>

#include "backend/cuda/cuda_memory.h"

namespace tpscale::cuda {

/// What the blocks that share a sequence leave for the one that merges, in device memory. A partial result is
/// that of one query head over one split of the keys.
struct AttentionPartials {
  unsigned* arrivals =
      nullptr;  ///< [sequences * blocks a split]: how many splits are done; 0 between launches
  float2* max_and_sum = nullptr;  ///< [sequences * heads * splits] of the scores' powers
  float* weighted = nullptr;      ///< [sequences * heads * splits, head_dim] sum of weight * value
  int splits = 0;                 ///< room for so many of a sequence
};

/// Their memory. It grows on use, never while a graph is captured; what it outgrew stays, for a graph
/// captured before may hold its addresses. Each growth is at least twofold, so that stays below what is in
/// use.
class AttentionScratch {
 public:
  AttentionPartials reserve(CudaMemory& memory, std::int64_t arrivals, std::int64_t rows, int splits,
                            std::int64_t head_dim);

 private:
  Buffer& grow(CudaMemory& memory, std::vector<Buffer>& buffers, std::int64_t bytes);

  std::vector<Buffer> arrivals_;
  std::vector<Buffer> max_and_sum_;
  std::vector<Buffer> weighted_;
};

}  // namespace tpscale::cuda
