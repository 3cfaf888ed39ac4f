#include "kv/prefix_index.h"

#include <algorithm>
#include <bit>

#include "core/check.h"

namespace tpscale {

PrefixIndex::PrefixIndex(std::int64_t num_blocks, std::int64_t block_size)
    : block_size_(block_size),
      buckets_(std::bit_ceil(static_cast<std::size_t>(num_blocks) + 1), kNone),
      entries_(static_cast<std::size_t>(num_blocks)),
      tokens_(static_cast<std::size_t>(num_blocks * block_size)) {}

std::span<const std::int32_t> PrefixIndex::tokens_of(std::int32_t block) const {
  const auto size = static_cast<std::size_t>(block_size_);
  return std::span(tokens_).subspan(static_cast<std::size_t>(block) * size, size);
}

std::int32_t PrefixIndex::find(std::uint64_t key, std::span<const std::int32_t> tokens) const {
  std::int32_t block = buckets_[bucket_of(key)];
  for (; block != kNone; block = entries_[static_cast<std::size_t>(block)].next) {
    const Entry& entry = entries_[static_cast<std::size_t>(block)];
    if (entry.key == key && std::ranges::equal(tokens_of(block), tokens)) return block;
  }
  return kNone;
}

void PrefixIndex::insert(std::int32_t block, std::uint64_t key, std::span<const std::int32_t> tokens) {
  check(static_cast<std::int64_t>(tokens.size()) == block_size_, "only a full block has a key");
  Entry& entry = entries_[static_cast<std::size_t>(block)];
  check(!entry.present, "the block has a key already");
  std::int32_t& bucket = buckets_[bucket_of(key)];
  entry = {.key = key, .next = bucket, .present = true};
  bucket = block;
  std::ranges::copy(tokens, tokens_.begin() + static_cast<std::ptrdiff_t>(block) * block_size_);
  ++size_;
}

void PrefixIndex::erase(std::int32_t block) {
  Entry& entry = entries_[static_cast<std::size_t>(block)];
  if (!entry.present) return;
  std::int32_t* link = &buckets_[bucket_of(entry.key)];
  while (*link != block) link = &entries_[static_cast<std::size_t>(*link)].next;
  *link = entry.next;
  entry.present = false;
  --size_;
}

void PrefixIndex::clear() {
  std::ranges::fill(buckets_, kNone);
  std::ranges::fill(entries_, Entry{});
  size_ = 0;
}

}  // namespace tpscale
