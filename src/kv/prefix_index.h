#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace tpscale {

/// Finds blocks by the key and the tokens of their content. A chained hash table threaded through arrays:
/// nothing is allocated after the construction. Two blocks may hold the same content (computed in the same
/// step): both are kept.
class PrefixIndex {
 public:
  PrefixIndex(std::int64_t num_blocks, std::int64_t block_size);

  static constexpr std::int32_t kNone = -1;
  /// A block with this key and these tokens, the latest one inserted; kNone where there is none.
  std::int32_t find(std::uint64_t key, std::span<const std::int32_t> tokens) const;
  void insert(std::int32_t block, std::uint64_t key, std::span<const std::int32_t> tokens);
  /// Does nothing where the block has no key.
  void erase(std::int32_t block);
  void clear();
  std::int64_t size() const noexcept { return size_; }

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::int32_t next = kNone;  ///< in the same bucket
    bool present = false;
  };
  std::size_t bucket_of(std::uint64_t key) const noexcept { return key & (buckets_.size() - 1); }
  std::span<const std::int32_t> tokens_of(std::int32_t block) const;

  std::int64_t block_size_;
  std::vector<std::int32_t> buckets_;  ///< first block of each; their number is a power of two
  std::vector<Entry> entries_;         ///< by block
  std::vector<std::int32_t> tokens_;   ///< [num_blocks, block_size]
  std::int64_t size_ = 0;
};

}  // namespace tpscale
