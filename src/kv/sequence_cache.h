#pragma once
#include <cstdint>
#include <span>

#include "kv/block_manager.h"
#include "kv/kv_cache.h"

namespace tpscale {

/// The cached tokens of one sequence in layers that all hold equally many: a pool and a block table of its
/// own. Blocks are taken as tokens come and given back when tokens go.
class SequenceCache {
 public:
  SequenceCache(Backend& backend, const KvShape& shape);

  std::int64_t count() const noexcept { return count_; }  ///< tokens
  std::int64_t blocks_in_use() const noexcept { return blocks_.num_blocks() - blocks_.free_blocks(); }
  const KvShape& shape() const noexcept { return cache_.shape(); }
  std::span<const KvLayerView> layers() const noexcept { return cache_.layers(); }
  std::span<const std::int32_t> block_table() const noexcept { return table_.blocks; }

  /// Room for slots.size() more tokens and where they go. The pool must have been made large enough.
  void append(std::span<std::int32_t> slots);
  /// After Ops::drop_tokens: the first `count` tokens are left, and blocks that hold none of them are free.
  void shrink(std::int64_t count);

 private:
  KvCache cache_;
  BlockManager blocks_;
  BlockTable table_;
  std::int64_t count_ = 0;
};

}  // namespace tpscale
