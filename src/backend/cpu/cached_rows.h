#pragma once
#include <cstddef>
#include <cstdint>

#include "backend/ops.h"

namespace tpscale::cpu {

/// Where the rows of one KV head of a sequence lie in a layer's pool.
class CachedRows {
 public:
  CachedRows(void* pool, const CachedTokens& cached, std::int64_t head)
      : pool_(static_cast<std::byte*>(pool)),
        table_(cached.block_table),
        block_size_(cached.kv.block_size),
        size_(static_cast<std::int64_t>(size_of(cached.kv.dtype))),
        row_bytes_(cached.kv.head_dim * size_),
        block_bytes_(cached.kv.block_stride * size_),
        head_bytes_(head * cached.kv.block_size * row_bytes_) {}

  std::byte* row(std::int64_t token) const {
    return pool_ + table_[token / block_size_] * block_bytes_ + head_bytes_ +
           token % block_size_ * row_bytes_;
  }
  /// Tokens from this one on whose rows lie one behind the other.
  std::int64_t run(std::int64_t token) const { return block_size_ - token % block_size_; }
  std::int64_t row_bytes() const { return row_bytes_; }

 private:
  std::byte* pool_;
  const std::int32_t* table_;
  std::int64_t block_size_, size_, row_bytes_, block_bytes_, head_bytes_;
};

}  // namespace tpscale::cpu
