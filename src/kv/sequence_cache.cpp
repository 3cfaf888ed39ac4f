#include "kv/sequence_cache.h"

#include "core/check.h"

namespace tpscale {

SequenceCache::SequenceCache(Backend& backend, const KvShape& shape)
    : cache_(backend, shape), blocks_(shape.num_blocks, shape.block_size, {}) {
  table_.shareable = false;
  table_.blocks.reserve(static_cast<std::size_t>(shape.num_blocks));
}

void SequenceCache::append(std::span<std::int32_t> slots) {
  const std::int64_t block_size = shape().block_size;
  const std::int64_t after = count_ + static_cast<std::int64_t>(slots.size());
  check(blocks_.try_grow(table_, after), "a sequence outgrew the pool that was made for it");
  for (std::int32_t& slot : slots) {
    const std::int32_t block = table_.blocks[static_cast<std::size_t>(count_ / block_size)];
    slot = static_cast<std::int32_t>(block * block_size + count_ % block_size);
    ++count_;
  }
}

void SequenceCache::shrink(std::int64_t count) {
  check(count >= 0 && count <= count_, "a cache shrinks to what it has");
  count_ = count;
  blocks_.shrink(table_, count);
}

}  // namespace tpscale
