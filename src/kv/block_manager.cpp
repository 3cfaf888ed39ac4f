#include "kv/block_manager.h"

#include <algorithm>
#include <limits>

#include "core/check.h"

namespace tpscale {

BlockManager::BlockManager(std::int64_t num_blocks, std::int64_t block_size, const BlockPolicy& policy,
                           KeyFunction key_function)
    : block_size_(block_size),
      policy_(policy),
      key_function_(key_function),
      refs_(static_cast<std::size_t>(num_blocks), 0),
      free_(num_blocks / policy.blocks_at_once),
      index_(policy.prefix_cache ? num_blocks : 0, block_size) {
  check(num_blocks > 0 && block_size > 0, "a pool has at least one block of one token");
  check(num_blocks <= std::numeric_limits<std::int32_t>::max() / block_size, "slot numbers are 32 bits wide");
  check(policy.blocks_at_once == 1 || !policy.prefix_cache, "a piece of several blocks is not shared");
  if (policy.prefix_cache) hits_.reserve(static_cast<std::size_t>(num_blocks));
}

std::span<const std::int32_t> BlockManager::block_tokens(std::span<const std::int32_t> tokens,
                                                         std::int64_t block) const {
  return tokens.subspan(static_cast<std::size_t>(block * block_size_), static_cast<std::size_t>(block_size_));
}

void BlockManager::find_prefix(const BlockTable& table, std::span<const std::int32_t> tokens) {
  hits_.clear();
  if (!policy_.prefix_cache || !table.shareable) return;
  const std::int64_t last = (static_cast<std::int64_t>(tokens.size()) - 1) / block_size_;
  std::optional<std::uint64_t> key;
  for (std::int64_t i = 0; i < last; ++i) {
    const auto content = block_tokens(tokens, i);
    key = key_function_(key, content);
    const std::int32_t block = index_.find(*key, content);
    if (block == PrefixIndex::kNone) return;
    hits_.push_back({block, *key});
  }
}

std::optional<std::int64_t> BlockManager::try_allocate(BlockTable& table,
                                                       std::span<const std::int32_t> tokens,
                                                       const AllocationLimits& limits) {
  check(table.blocks.empty() && !tokens.empty(), "blocks are allocated once, for at least one token");
  const auto num_tokens = static_cast<std::int64_t>(tokens.size());
  const std::int64_t wanted =
      blocks_for(blocks_for(num_tokens, block_size_), policy_.blocks_at_once) * policy_.blocks_at_once;
  find_prefix(table, tokens);
  const auto hits = static_cast<std::int64_t>(hits_.size());
  const auto unused_hits =
      std::ranges::count_if(hits_, [&](const Hit& hit) { return references(hit.block) == 0; });
  if (wanted - hits + limits.spare_blocks > free_blocks() - unused_hits) return std::nullopt;
  if (num_tokens - hits * block_size_ > limits.most_to_compute) return std::nullopt;

  for (const Hit& hit : hits_) {
    if (refs_[static_cast<std::size_t>(hit.block)]++ == 0) free_.remove(hit.block);
    table.blocks.push_back(hit.block);
    table.last_key = hit.key;
  }
  table.num_keyed = hits;
  append_new_blocks(table, wanted - hits);
  return hits * block_size_;
}

bool BlockManager::try_grow(BlockTable& table, std::int64_t num_tokens) {
  const std::int64_t missing =
      blocks_for(num_tokens, block_size_) - static_cast<std::int64_t>(table.blocks.size());
  if (missing > free_blocks()) return false;
  if (missing > 0) append_new_blocks(table, missing);
  return true;
}

void BlockManager::append_new_blocks(BlockTable& table, std::int64_t num_blocks) {
  for (std::int64_t i = 0; i < num_blocks; i += policy_.blocks_at_once) {
    const auto first = free_.pop_front() * static_cast<std::int32_t>(policy_.blocks_at_once);
    if (policy_.prefix_cache) index_.erase(first);
    for (std::int32_t block = first; block < first + policy_.blocks_at_once; ++block) {
      refs_[static_cast<std::size_t>(block)] = 1;
      table.blocks.push_back(block);
    }
  }
}

void BlockManager::publish(BlockTable& table, std::span<const std::int32_t> tokens) {
  if (!policy_.prefix_cache || !table.shareable) return;
  const std::int64_t full = static_cast<std::int64_t>(tokens.size()) / block_size_;
  check(full <= static_cast<std::int64_t>(table.blocks.size()), "more tokens computed than the table holds");
  for (; table.num_keyed < full; ++table.num_keyed) {
    const auto content = block_tokens(tokens, table.num_keyed);
    const auto previous = table.num_keyed > 0 ? std::optional(table.last_key) : std::nullopt;
    table.last_key = key_function_(previous, content);
    index_.insert(table.blocks[static_cast<std::size_t>(table.num_keyed)], table.last_key, content);
  }
}

void BlockManager::give_back(std::int32_t block) {
  std::int32_t& refs = refs_[static_cast<std::size_t>(block)];
  check(refs > 0, "a block is freed twice");
  const bool begins_piece = block % policy_.blocks_at_once == 0;
  if (--refs == 0 && begins_piece) free_.push_back(static_cast<std::int32_t>(block / policy_.blocks_at_once));
}

void BlockManager::shrink(BlockTable& table, std::int64_t num_tokens) {
  check(!table.shareable && policy_.blocks_at_once == 1, "only blocks of a sequence's own go one by one");
  while (static_cast<std::int64_t>(table.blocks.size()) > blocks_for(num_tokens, block_size_)) {
    give_back(table.blocks.back());
    table.blocks.pop_back();
  }
}

void BlockManager::release(BlockTable& table) {
  for (auto block = table.blocks.rbegin(); block != table.blocks.rend(); ++block) give_back(*block);
  table.blocks.clear();
  table.num_keyed = 0;
  table.last_key = 0;
}

void BlockManager::flush() {
  check(free_blocks() == usable_blocks(), "the prefix cache is flushed while a block is in use");
  index_.clear();
  free_.reset();
}

}  // namespace tpscale
