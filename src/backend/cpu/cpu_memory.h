#pragma once
#include <cstddef>

#include "backend/backend.h"

namespace tpscale::cpu {

/// Anonymous pages of the kernel: zeroed, touched first by who uses them, in huge pages where asked for and
/// possible.
class CpuMemory final : public BufferSource {
 public:
  explicit CpuMemory(bool huge_pages) : huge_pages_(huge_pages) {}

  Buffer allocate(std::size_t bytes, MemoryKind kind);
  void release(void* data, std::size_t bytes, MemoryKind kind) noexcept override;
  MemoryTracker& tracker() noexcept { return tracker_; }

 private:
  bool huge_pages_;
  MemoryTracker tracker_;
};

}  // namespace tpscale::cpu
