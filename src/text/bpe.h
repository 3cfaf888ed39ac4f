#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/json_tree.h"
#include "text/merge_table.h"
#include "text/vocabulary.h"

namespace tpscale {

/// Byte-pair encoding (Sennrich et al. 2016): a piece begins as its characters, and of all neighbours that
/// have a merge those of the lowest rank, leftmost first, become one token until none is left.
class Bpe {
 public:
  /// The "model" of tokenizer.json. Throws BadDataError.
  explicit Bpe(const JsonTree& model);

  /// Appends the ids of a piece (valid UTF-8): O(n log n) in its length.
  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const;
  const Vocabulary& vocabulary() const noexcept { return vocabulary_; }

 private:
  static constexpr std::size_t kJoinBits = 1 << 18;

  void read_merges(const JsonTree& merges);
  void add_merge(std::string_view left, std::string_view right, std::uint32_t rank);
  void append_unknown(std::string_view character, std::vector<std::int32_t>& symbols, bool& pending) const;
  void merge(std::vector<std::int32_t>& symbols) const;
  std::int32_t character_id(char32_t character) const noexcept;
  static std::size_t join_bit(char32_t left, char32_t right) noexcept;

  Vocabulary vocabulary_;
  std::optional<MergeTable> merges_;
  std::array<std::int32_t, 512> near_ids_{};            ///< of the first characters, -1 where one is no token
  std::unordered_map<char32_t, std::int32_t> far_ids_;  ///< of the others
  /// Hashed pairs of characters that stand side by side in any merged token. Where a pair's bit is off, no
  /// merge reaches across, and a piece is encoded in two parts: long texts without a pre-tokeniser fall apart
  /// into words.
  std::bitset<kJoinBits> joins_;
  std::array<std::int32_t, 256> byte_ids_{};  ///< of "<0x00>" to "<0xFF>", -1 where there is none
  std::int32_t unknown_id_ = -1;
  bool fuse_unknown_ = false;
  bool byte_fallback_ = false;
  bool ignore_merges_ = false;
};

}  // namespace tpscale
