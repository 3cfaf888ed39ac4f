#pragma once
#include <cstdint>

#include "backend/cuda/device/rows.cuh"
#include "backend/ops.h"

namespace tpscale::cuda {

/// Where the rows of a sequence lie in a layer's pool of keys or of values.
template <class T>
struct CachedRows {
  CachedRows(void* pool_, const CachedTokens& cached)
      : pool(static_cast<T*>(pool_)),
        table(cached.block_table),
        block_stride(cached.kv.block_stride),
        block_size(static_cast<int>(cached.kv.block_size)),
        head_dim(static_cast<int>(cached.kv.head_dim)) {}

  __device__ T* row(int token, int head) const {
    return pool + table[token / block_size] * block_stride +
           (static_cast<std::int64_t>(head) * block_size + token % block_size) * head_dim;
  }

  T* pool;
  const std::int32_t* table;
  std::int64_t block_stride;
  int block_size;
  int head_dim;
};

/// Whether every row of the pool begins and ends at whole vectors.
inline bool rows_of_vectors(const void* pool, const KvLayerView& kv) {
  const std::int64_t width = 16 / static_cast<std::int64_t>(size_of(kv.dtype));
  return on_vector(pool) && kv.head_dim % width == 0 && kv.block_stride % width == 0;
}

}  // namespace tpscale::cuda
