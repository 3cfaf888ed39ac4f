#pragma once
#include <cstdint>

#include "bench/micro/bench_device.h"
#include "bench/micro/rank_shape.h"

namespace tpscale {

/// Equal sequences over one layer's paged cache. `queries` of each, the last ones of its context.
struct PagedShape {
  std::int64_t sequences = 1;
  std::int64_t queries = 1;
  std::int64_t context = 1;
  std::int64_t block_size = 16;
};

/// The batch and the cache, with random keys and values. The sequences' blocks lie interleaved, as an engine
/// that runs them together leaves them.
class PagedSequences {
 public:
  PagedSequences(Backend& backend, const RankShape& rank, Dtype dtype, const PagedShape& shape);

  const PagedShape& shape() const noexcept { return shape_; }
  std::int64_t tokens() const noexcept { return shape_.sequences * shape_.queries; }
  const BatchView& batch() const noexcept { return batch_; }
  const KvLayerView& kv() const noexcept { return kv_; }
  const std::int32_t* first_table() const noexcept { return batch_.block_tables; }

 private:
  PagedShape shape_;
  Buffer starts_, contexts_, tables_, slots_, positions_, keys_, values_;
  BatchView batch_;
  KvLayerView kv_;
};

}  // namespace tpscale
