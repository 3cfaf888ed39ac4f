#pragma once
#include <cstdint>
#include <vector>

#include "core/check.h"

namespace tpscale {

/// The blocks in use by nobody, first in first out; one in the middle can be taken out when its content is
/// wanted again. A doubly linked list threaded through an array: nothing is allocated after the construction.
class FreeList {
 public:
  /// All of 0 .. num_blocks-1 are free, in that order.
  explicit FreeList(std::int64_t num_blocks) : links_(static_cast<std::size_t>(num_blocks) + 1) { reset(); }

  std::int64_t size() const noexcept { return size_; }

  void push_back(std::int32_t block) {
    const std::int32_t last = at(end()).previous;
    at(block) = {.previous = last, .next = end()};
    at(last).next = block;
    at(end()).previous = block;
    ++size_;
  }

  std::int32_t pop_front() {
    check(size_ > 0, "no free block");
    const std::int32_t block = at(end()).next;
    remove(block);
    return block;
  }

  void remove(std::int32_t block) {
    const Link link = at(block);
    at(link.previous).next = link.next;
    at(link.next).previous = link.previous;
    --size_;
  }

  void reset() {
    const std::int32_t blocks = end();
    at(blocks) = {.previous = blocks, .next = blocks};
    size_ = 0;
    for (std::int32_t block = 0; block < blocks; ++block) push_back(block);
  }

 private:
  struct Link {
    std::int32_t previous = 0;
    std::int32_t next = 0;
  };
  std::int32_t end() const noexcept { return static_cast<std::int32_t>(links_.size()) - 1; }
  Link& at(std::int32_t block) { return links_[static_cast<std::size_t>(block)]; }

  std::vector<Link> links_;  ///< the last one is the list's head
  std::int64_t size_ = 0;
};

}  // namespace tpscale
