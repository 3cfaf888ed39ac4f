#include "text/merge_table.h"

#include <bit>

namespace tpscale {

MergeTable::MergeTable(std::size_t merges) : slots_(std::bit_ceil(2 * merges + 2)) {}

std::size_t MergeTable::slot_of(std::int32_t left, std::int32_t right) const noexcept {
  const auto key = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) |
                   static_cast<std::uint32_t>(right);
  const std::uint64_t mixed =
      key * 0x9E3779B97F4A7C15U;  // Fibonacci hashing: the high bits are the good ones
  std::size_t slot = (mixed ^ (mixed >> 32)) & (slots_.size() - 1);
  while (slots_[slot].left != -1 && (slots_[slot].left != left || slots_[slot].right != right)) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

void MergeTable::put(std::int32_t left, std::int32_t right, Merge merge) {
  slots_[slot_of(left, right)] = {left, right, merge};
}

const MergeTable::Merge* MergeTable::find(std::int32_t left, std::int32_t right) const noexcept {
  const Slot& slot = slots_[slot_of(left, right)];
  return slot.left == -1 ? nullptr : &slot.merge;
}

}  // namespace tpscale
