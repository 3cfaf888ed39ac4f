#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "backend/transfer.h"
#include "kv/kv_cache.h"

namespace tpscale {

/// Parts of a KV cache as a Transfer takes them.
struct KvPieces {
  std::byte* base = nullptr;  ///< of the pool
  std::vector<std::int64_t> offsets;
  std::int64_t piece_bytes = 0;

  PieceList list() const noexcept { return {base, offsets, piece_bytes}; }
};

/// Blocks anywhere in the pool: a piece a block where all layers of a block lie together, else 2 x layers
/// pieces a block.
KvPieces pieces_of_blocks(const KvCache& cache, std::span<const std::int32_t> blocks);
/// Blocks first .. first+count-1, as a sequence that got them in order: one piece where all layers of a block
/// lie together, else 2 x layers pieces (a tensor each).
KvPieces pieces_of_run(const KvCache& cache, std::int32_t first, std::int64_t count);
/// The whole pool as one piece.
KvPieces whole_pool(const KvCache& cache);

}  // namespace tpscale
