#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tpscale {

/// Which neighbours become one token, and how early: an open hash table from a pair of ids.
class MergeTable {
 public:
  struct Merge {
    std::uint32_t rank = 0;  ///< lower merges first
    std::int32_t id = -1;    ///< of the merged token
  };

  explicit MergeTable(std::size_t merges);                       ///< room for that many
  void put(std::int32_t left, std::int32_t right, Merge merge);  ///< a pair that is there already is replaced
  const Merge* find(std::int32_t left, std::int32_t right) const noexcept;  ///< nullptr where there is none

 private:
  struct Slot {
    std::int32_t left = -1;
    std::int32_t right = -1;
    Merge merge;
  };
  std::size_t slot_of(std::int32_t left, std::int32_t right) const noexcept;
  std::vector<Slot> slots_;  ///< a power of two of them, at most half in use
};

}  // namespace tpscale
