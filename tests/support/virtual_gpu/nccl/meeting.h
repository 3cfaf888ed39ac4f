#pragma once
#include <nccl.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace tpscale::virtual_gpu {

/// What a rank says of the collective it is in. All ranks of a communicator must say the same.
struct CollectiveCall {
  enum class Kind : std::uint32_t { kNone, kAllReduce, kAllGather, kReduceScatter, kBroadcast };
  Kind kind = Kind::kNone;
  ncclDataType_t type = ncclFloat32;
  std::uint64_t count = 0;          ///< as the function takes it
  std::int32_t root = -1;           ///< of a broadcast
  std::uint32_t window_in = 0;      ///< number of the symmetric window the input lies in; 0: none
  std::uint32_t window_out = 0;     ///< of the output
  std::uint64_t window_offset = 0;  ///< of the part that is the same on all ranks

  bool operator==(const CollectiveCall&) const = default;
  std::string text() const;  ///< "AllReduce of 64 elements of type 7"
};

/// Memory that the ranks of one communicator share, in processes or threads of one host: who is there, what
/// each is doing, and an area for each to say it in, twice, used in turn. Has no name in any file system: the
/// unique id says in which process it is to be found.
class Meeting {
 public:
  static constexpr int kMaxRanks = 64;
  static constexpr std::size_t kAreaBytes = std::size_t{128} << 10;

  static ncclUniqueId invite();
  /// Finds the memory and says that `rank` is there. nullptr where there is none, or `rank` is taken.
  static std::unique_ptr<Meeting> join(const ncclUniqueId& id, int rank, int ranks,
                                       const std::string& device);
  ~Meeting();
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;

  int rank() const noexcept { return rank_; }
  int ranks() const noexcept { return ranks_; }
  bool all_there() const noexcept;  ///< the first time it is so, the memory becomes anonymous
  std::string device_of(int rank) const;
  int first_dead_rank() const noexcept;  ///< whose process is gone; -1: none

  /// Step by step: each writes its area, publishes, reads the others'. An area may be written again when all
  /// have published the step before.
  bool all_published(std::uint64_t step) const noexcept;
  std::byte* area(int rank, std::uint64_t step) const noexcept;
  void publish(std::uint64_t step, const CollectiveCall& call) noexcept;
  const CollectiveCall& call_of(int rank, std::uint64_t step) const noexcept;

  /// Window after window, all ranks say how large theirs is.
  void say_window(std::uint64_t number, std::uint64_t bytes) noexcept;
  bool all_said_window(std::uint64_t number) const noexcept;
  std::uint64_t window_bytes(int rank, std::uint64_t number) const noexcept;

  /// What changes whenever a rank publishes or says something, and a short sleep until it is not `seen`.
  std::uint32_t news() const noexcept;
  void wait_for_news(std::uint32_t seen) const noexcept;

  void leave() noexcept;
  bool all_left() const noexcept;

 private:
  struct Rank;
  struct Header;
  Meeting(void* memory, int rank, int ranks) noexcept;
  Rank& at(int rank) const noexcept;
  void tell() noexcept;

  Header* header_;
  int rank_;
  int ranks_;
};

}  // namespace tpscale::virtual_gpu
