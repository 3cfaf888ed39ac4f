#pragma once
#include <array>
#include <cstddef>
#include <mutex>
#include <string_view>

namespace tpscale {

/// What an allocation is for. The names are those of the store.
enum class MemoryKind : unsigned char { kWeights, kKvCache, kActivations, kOther };
inline constexpr std::size_t kMemoryKinds = 4;
std::string_view to_string(MemoryKind kind) noexcept;  ///< "weights", "kv_cache", "activations", "other"

/// Bytes the suite's own allocator holds on one device.
struct MemoryUse {
  std::array<std::size_t, kMemoryKinds> by_kind{};  ///< now, indexed by MemoryKind
  std::size_t total = 0;                            ///< now
  std::size_t peak = 0;                             ///< largest total since the last reset_peak()
};

/// Counts what is allocated and freed, by kind. Thread-safe: a monitor thread reads while the engine runs.
class MemoryTracker {
 public:
  void allocated(MemoryKind kind, std::size_t bytes);
  void freed(MemoryKind kind, std::size_t bytes) noexcept;
  void reset_peak();
  MemoryUse use() const;

 private:
  mutable std::mutex mutex_;
  MemoryUse use_;
};

}  // namespace tpscale
