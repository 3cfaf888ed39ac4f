#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tpscale {

/// How a rank waits for another: first spinning, then giving its core away at every look, then asleep until
/// woken.
struct WaitPolicy {
  int spins = 2000;  ///< looks with a pause between them; 0 where there are more threads than cores
  int yields = 200;  ///< looks with sched_yield between them
};

/// Memory that the ranks of one host (or the threads of one process) share, and the one thing they do with
/// it: in every step each rank writes its own area, publishes it, and reads those of others.
///
/// Areas exist twice and alternate. begin() waits until all have published the previous step, so they have
/// read the one before it, whose areas are the ones to be written now: no second synchronisation, no flag to
/// reset.
class Exchange {
 public:
  static std::size_t bytes_needed(int ranks, std::size_t area_bytes) noexcept;

  /// `memory`: bytes_needed() bytes, zeroed before the first rank uses it, aligned to 64.
  Exchange(void* memory, int rank, int ranks, std::size_t area_bytes, WaitPolicy policy);

  int rank() const noexcept { return rank_; }
  int ranks() const noexcept { return ranks_; }
  std::size_t area_bytes() const noexcept { return area_bytes_; }

  /// Starts a step in which every rank says `bytes`, at most area_bytes(). Returns where this rank writes
  /// them.
  std::byte* begin(std::size_t bytes);
  /// What was written may be read. `tag` says what this step is for: reading finds a rank that is doing
  /// something else.
  void publish(std::uint64_t tag);
  const std::byte* of(int other);  ///< waits for `other`; what it wrote in this step
  void wait_for_all();

  /// Makes every rank that waits, now or later, throw: this one cannot go on.
  void poison() noexcept;

 private:
  /// What fits beside a rank's flag travels with it, in one cache line.
  static constexpr std::size_t kSmallBytes = 16;

  struct alignas(64) Line {
    std::atomic<std::uint32_t> step;
    std::atomic<std::uint32_t> sleepers;
    std::array<std::atomic<std::uint64_t>, 2> tags;
    std::byte small[2][kSmallBytes];
  };
  struct alignas(64) Header {
    std::atomic<std::uint32_t> poisoned;
    std::atomic<std::uint32_t> explained;
    std::array<char, 248> why;  ///< the sentence of the rank that poisoned it; empty: it had none
  };

  std::byte* area(int rank) const noexcept;
  bool arrived(const Line& line, std::memory_order order) const noexcept;
  void wait_for(Line& line);
  void sleep_until_woken(Line& line);
  void throw_if_poisoned() const;
  [[noreturn]] void report_disagreement();

  Header* header_;
  Line* lines_;
  std::byte* areas_;
  int rank_;
  int ranks_;
  std::size_t area_bytes_;
  WaitPolicy policy_;
  std::uint32_t step_ = 0;
  std::uint64_t tag_ = 0;
  bool small_ = true;  ///< this step's words lie in the lines
};

}  // namespace tpscale
