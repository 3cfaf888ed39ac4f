#include "support/virtual_gpu/runtime/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include "support/virtual_gpu/runtime/sanitizer.h"

namespace tpscale::virtual_gpu {
namespace {

// CUDA C++ Programming Guide, "Device Memory Accesses": an address "returned by one of the memory
// allocation routines ... is always aligned to at least 256 bytes". The gap behind an allocation is poisoned.
constexpr std::size_t kAlignment = 256;
constexpr std::size_t kGap = 256;
constexpr std::size_t kHugePage = 2 << 20;

std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

Arena::Arena(int device, std::size_t bytes)
    : device_(device), bytes_(bytes), reserved_(round_up(4 * bytes, kHugePage)) {
  void* mapping =
      mmap(nullptr, reserved_ + kHugePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  base_ = reinterpret_cast<std::byte*>(round_up(reinterpret_cast<std::uintptr_t>(mapping), kHugePage));
  // With huge pages the switch between open and closed costs microseconds, without them a hundred times that.
  madvise(base_, reserved_, MADV_HUGEPAGE);
}

Arena::~Arena() {
  unpoison(base_, extent_);
  munmap(base_, reserved_);
}

void Arena::set_open(bool open) {
  open_ = open;
  if (extent_ > 0) mprotect(base_, extent_, open ? PROT_READ | PROT_WRITE : PROT_NONE);
}

void Arena::extend_to(std::size_t end) {
  end = std::min(round_up(end, kHugePage), reserved_);
  if (end <= extent_) return;
  poison(base_ + extent_, end - extent_);
  if (open_) mprotect(base_ + extent_, end - extent_, PROT_READ | PROT_WRITE);
  extent_ = end;
}

std::size_t Arena::find_gap(std::size_t bytes) const {
  for (std::size_t from : {cursor_, std::size_t{0}}) {
    auto next = slots_.lower_bound(from);
    for (; next != slots_.end() && next->first < from + bytes; ++next) from = next->second.end;
    if (from + bytes <= reserved_) return from;
  }
  return reserved_;
}

std::byte* Arena::allocate(std::size_t bytes) {
  const std::size_t padded = round_up(std::max<std::size_t>(bytes, 1), kAlignment) + kGap;
  if (in_use_ + padded > bytes_) return nullptr;
  const std::size_t offset = find_gap(padded);
  if (offset == reserved_) return nullptr;
  slots_[offset] = {bytes, offset + padded};
  in_use_ += padded;
  cursor_ = offset + padded;
  extend_to(cursor_);
  std::byte* begin = base_ + offset;
  unpoison(begin, bytes);
  const bool was_open = open_;
  if (!was_open) set_open(true);
  std::memset(begin, 0xFF, bytes);
  if (!was_open) set_open(false);
  return begin;
}

bool Arena::release(void* begin) {
  const auto slot = slots_.find(static_cast<std::size_t>(static_cast<std::byte*>(begin) - base_));
  if (slot == slots_.end()) return false;
  const std::size_t padded = slot->second.end - slot->first;
  in_use_ -= padded;
  slots_.erase(slot);
  poison(begin, padded);
  // Whole pages go back to the machine: many ranks share one.
  const std::size_t first =
      round_up(static_cast<std::size_t>(static_cast<std::byte*>(begin) - base_), kHugePage);
  const std::size_t last =
      (static_cast<std::size_t>(static_cast<std::byte*>(begin) - base_) + padded) / kHugePage * kHugePage;
  if (first < last) madvise(base_ + first, last - first, MADV_DONTNEED);
  return true;
}

std::optional<Allocation> Arena::find(const void* address) const {
  if (!contains(address)) return std::nullopt;
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(address) - base_);
  auto slot = slots_.upper_bound(offset);
  if (slot == slots_.begin()) return std::nullopt;
  --slot;
  if (offset > slot->first + slot->second.bytes) return std::nullopt;
  return Allocation{device_, base_ + slot->first, slot->second.bytes};
}

}  // namespace tpscale::virtual_gpu
