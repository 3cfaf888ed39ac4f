#pragma once
#include <cstddef>
#include <map>
#include <optional>

namespace tpscale::virtual_gpu {

/// Where an address of device memory belongs.
struct Allocation {
  int device = 0;
  std::byte* begin = nullptr;
  std::size_t bytes = 0;
};

/// The memory of one device: a range of addresses of its own that nobody may touch while host code runs.
/// What is not allocated is poisoned for the address sanitizer; fresh memory is filled with 0xFF, a NaN in
/// every floating-point type. Freed addresses come back as late as possible. Callers hold the device's lock.
class Arena {
 public:
  Arena(int device, std::size_t bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::byte* allocate(std::size_t bytes);  ///< nullptr: full
  bool release(void* begin);               ///< false: not the begin of an allocation
  std::optional<Allocation> find(const void* address) const;
  bool contains(const void* address) const { return address >= base_ && address < base_ + reserved_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t in_use() const { return in_use_; }

  void set_open(bool open);

 private:
  std::size_t find_gap(std::size_t bytes) const;
  void extend_to(std::size_t end);

  int device_;
  std::size_t bytes_;
  std::size_t reserved_;
  std::byte* base_ = nullptr;
  std::size_t extent_ = 0;  ///< from the base, what has ever been used: only this is ever made accessible
  std::size_t cursor_ = 0;  ///< where the search for a gap begins
  std::size_t in_use_ = 0;
  bool open_ = false;
  struct Slot {
    std::size_t bytes;  ///< asked for
    std::size_t end;    ///< offset after its padding
  };
  std::map<std::size_t, Slot> slots_;  ///< by offset
};

}  // namespace tpscale::virtual_gpu
