#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "kv/free_list.h"
#include "kv/prefix_index.h"
#include "kv/prefix_key.h"

namespace tpscale {

/// The blocks of one sequence, in the order of its tokens.
struct BlockTable {
  std::vector<std::int32_t> blocks;
  std::int64_t num_keyed = 0;  ///< leading blocks that others can find
  std::uint64_t last_key = 0;  ///< of block num_keyed - 1
  bool shareable = true;       ///< false: neither takes blocks from the prefix cache nor leaves any there
};

/// When an allocation is refused, besides for want of blocks.
struct AllocationLimits {
  std::int64_t spare_blocks = 0;  ///< so many must stay free
  std::int64_t most_to_compute =
      std::numeric_limits<std::int64_t>::max();  ///< most tokens not found in the cache
};

/// Blocks needed for so many tokens.
constexpr std::int64_t blocks_for(std::int64_t num_tokens, std::int64_t block_size) noexcept {
  return (num_tokens + block_size - 1) / block_size;
}

/// How a sequence's blocks are given out.
struct BlockPolicy {
  bool prefix_cache = false;
  /// 1: block by block, as they are needed. More: so many consecutive ones when a sequence is admitted, which
  /// then never grows: what an engine does that reserves the longest sequence in one piece.
  std::int64_t blocks_at_once = 1;
};

/// Who holds which block of the KV cache: arithmetic on the host, the same on every rank. Blocks are
/// reference-counted, freed in reverse order into a first-in-first-out free list, and with the prefix cache
/// on keep their key until they are used for something else. Tables whose vectors are reserved make every
/// operation free of allocations.
class BlockManager {
 public:
  using KeyFunction = std::uint64_t (*)(std::optional<std::uint64_t>, std::span<const std::int32_t>);

  /// Blocks beyond a multiple of `policy.blocks_at_once` are never given out. A prefix cache and pieces of
  /// several blocks exclude one another: a piece belongs to one sequence.
  BlockManager(std::int64_t num_blocks, std::int64_t block_size, const BlockPolicy& policy,
               KeyFunction key_function = &prefix_key);

  std::int64_t num_blocks() const noexcept { return static_cast<std::int64_t>(refs_.size()); }
  std::int64_t block_size() const noexcept { return block_size_; }
  std::int64_t free_blocks() const noexcept { return free_.size() * policy_.blocks_at_once; }
  /// What can be given out at all; all of them but a rest that makes no whole piece.
  std::int64_t usable_blocks() const noexcept {
    return num_blocks() / policy_.blocks_at_once * policy_.blocks_at_once;
  }
  std::int64_t cached_blocks() const noexcept { return index_.size(); }  ///< with a key, in use or free
  std::int32_t references(std::int32_t block) const { return refs_.at(static_cast<std::size_t>(block)); }
  bool prefix_cache() const noexcept { return policy_.prefix_cache; }
  std::int64_t blocks_at_once() const noexcept { return policy_.blocks_at_once; }

  /// Blocks for all of `tokens` into an empty table: as many leading ones as the prefix cache has, but never
  /// the last block, so that at least one token is computed. Returns the tokens found there; nullopt (and
  /// nothing is changed) where `limits` would be broken.
  std::optional<std::int64_t> try_allocate(BlockTable& table, std::span<const std::int32_t> tokens,
                                           const AllocationLimits& limits = {});

  /// Grows the table to hold `num_tokens`; false (and nothing is changed) where too few blocks are free.
  bool try_grow(BlockTable& table, std::int64_t num_tokens);

  /// Gives back the blocks beyond those that `num_tokens` need. Of a table that is not shareable and has
  /// blocks of its own alone.
  void shrink(BlockTable& table, std::int64_t num_tokens);

  /// Lets others find the blocks that are full of computed tokens. `tokens`: the sequence's, only those whose
  /// keys and values have been computed.
  void publish(BlockTable& table, std::span<const std::int32_t> tokens);

  /// Gives all blocks of the table back.
  void release(BlockTable& table);

  /// Forgets every key and puts the free list into its first order. No block may be in use.
  void flush();

 private:
  std::span<const std::int32_t> block_tokens(std::span<const std::int32_t> tokens, std::int64_t block) const;
  void find_prefix(const BlockTable& table, std::span<const std::int32_t> tokens);
  void append_new_blocks(BlockTable& table, std::int64_t num_blocks);
  void give_back(std::int32_t block);

  struct Hit {
    std::int32_t block;
    std::uint64_t key;
  };
  std::int64_t block_size_;
  BlockPolicy policy_;
  KeyFunction key_function_;
  std::vector<std::int32_t> refs_;  ///< users of each block
  FreeList free_;                   ///< of pieces of blocks_at_once blocks
  PrefixIndex index_;
  std::vector<Hit> hits_;  ///< of the last find_prefix
};

}  // namespace tpscale
