#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tpscale {

/// What a rank may be waiting in.
enum class Operation : std::uint32_t {
  kNone,
  kAllReduce,
  kAllGather,
  kReduceScatter,
  kBroadcast,
  kBroadcastHost,
  kAllGatherHost,
  kBarrier,
  kFinalize,
  kConnect,     ///< a communicator that is being made
  kDeviceWait,  ///< the host waits for its device, on which the last collective may still be at work
};
std::string_view to_string(Operation operation) noexcept;  ///< "all_reduce", ...

/// What one rank is doing right now, written by the rank and read by watchdogs: its own and, as it lies in
/// memory shared by the ranks of a host, theirs. All zero is "nothing yet". Plain atomics, so that a
/// collective pays a few stores.
struct alignas(64) Progress {
  std::atomic<std::uint64_t> begun{0};     ///< operations of this rank so far
  std::atomic<std::uint64_t> finished{0};  ///< equal to begun: not in an operation
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> sequence{
      0};                               ///< number of the operation in its group, the same on all its ranks
  std::atomic<std::uint32_t> group{0};  ///< 0: the world; else the groups of the launch, counted
  std::atomic<Operation> operation{Operation::kNone};
  std::atomic<Operation> last_finished{Operation::kNone};
  std::atomic<std::uint64_t> last_sequence{0};
  /// Counted up by the rank's watchdog for as long as its process runs at all; 0: it has none (any more).
  std::atomic<std::uint64_t> alive{0};
};

/// The `number`-th group of the launch, of ranks 0 .. ranks-1. The world is number 0.
constexpr std::uint32_t group_id(int number, int ranks) noexcept {
  return static_cast<std::uint32_t>(number) << 16 | static_cast<std::uint32_t>(ranks);
}
constexpr int ranks_of_group(std::uint32_t group) noexcept {
  return static_cast<int>(group & 0xFFFFu);
}

/// Marks the operation as begun for as long as it lives.
class OperationScope {
 public:
  OperationScope(Progress& progress, std::uint32_t group, std::uint64_t sequence, Operation operation,
                 std::size_t bytes) noexcept
      : progress_(progress) {
    progress_.bytes.store(bytes, std::memory_order_relaxed);
    progress_.sequence.store(sequence, std::memory_order_relaxed);
    progress_.group.store(group, std::memory_order_relaxed);
    progress_.operation.store(operation, std::memory_order_relaxed);
    progress_.begun.store(progress_.begun.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  ~OperationScope() {
    progress_.last_finished.store(progress_.operation.load(std::memory_order_relaxed),
                                  std::memory_order_relaxed);
    progress_.last_sequence.store(progress_.sequence.load(std::memory_order_relaxed),
                                  std::memory_order_relaxed);
    progress_.finished.store(progress_.begun.load(std::memory_order_relaxed), std::memory_order_release);
  }
  OperationScope(const OperationScope&) = delete;
  OperationScope& operator=(const OperationScope&) = delete;

 private:
  Progress& progress_;
};

/// The progress record of a rank, and which of its groups is speaking: what a communicator needs in order to
/// be watched.
class OperationLog {
 public:
  OperationLog(Progress& progress, std::uint32_t group) noexcept : progress_(&progress), group_(group) {}
  [[nodiscard]] OperationScope begin(Operation operation, std::size_t bytes) noexcept {
    return {*progress_, group_, ++sequence_, operation, bytes};
  }
  /// A wait for what was begun before: not one more operation of the group.
  [[nodiscard]] OperationScope wait(Operation operation) noexcept {
    return {*progress_, group_, sequence_, operation, 0};
  }

 private:
  Progress* progress_;
  std::uint32_t group_;
  std::uint64_t sequence_ = 0;
};

}  // namespace tpscale
