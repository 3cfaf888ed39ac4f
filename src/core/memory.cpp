#include "core/memory.h"

#include <algorithm>

namespace tpscale {

std::string_view to_string(MemoryKind kind) noexcept {
  switch (kind) {
    case MemoryKind::kWeights:
      return "weights";
    case MemoryKind::kKvCache:
      return "kv_cache";
    case MemoryKind::kActivations:
      return "activations";
    case MemoryKind::kOther:
      break;
  }
  return "other";
}

void MemoryTracker::allocated(MemoryKind kind, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  use_.by_kind[static_cast<std::size_t>(kind)] += bytes;
  use_.total += bytes;
  use_.peak = std::max(use_.peak, use_.total);
}

void MemoryTracker::freed(MemoryKind kind, std::size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  use_.by_kind[static_cast<std::size_t>(kind)] -= bytes;
  use_.total -= bytes;
}

void MemoryTracker::reset_peak() {
  const std::lock_guard lock(mutex_);
  use_.peak = use_.total;
}

MemoryUse MemoryTracker::use() const {
  const std::lock_guard lock(mutex_);
  return use_;
}

}  // namespace tpscale
