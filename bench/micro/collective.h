#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "comm/communicator.h"

namespace tpscale {

/// The device collectives of Communicator.
enum class Collective : int { kAllReduce, kAllGather, kReduceScatter, kBroadcast };
inline constexpr std::array kCollectives = {Collective::kAllReduce, Collective::kAllGather,
                                            Collective::kReduceScatter, Collective::kBroadcast};
const char* name_of(Collective kind) noexcept;  ///< "all_reduce", ...

/// Bytes over the slowest link of a ring, in bytes of the message: 2(n-1)/n of all_reduce, (n-1)/n of
/// all_gather and reduce_scatter, 1 of broadcast.
double bus_factor(Collective kind, int ranks) noexcept;

/// One message of one rank, again and again. `bytes`: each rank's of all_reduce and broadcast, all ranks'
/// together of the others; a multiple of ranks x element size.
class CollectiveMessage {
 public:
  CollectiveMessage(Backend& backend, Communicator& group, Collective kind, Dtype dtype, std::size_t bytes);

  void enqueue();
  void clear();  ///< zeros stay zeros, however often they are summed
  /// Once, with numbers whose sums every dtype holds exactly and that differ from rank to rank and from
  /// element to element. Collective over the group; every rank judges what it got.
  bool is_right();

 private:
  float sent(int rank, std::size_t i) const noexcept;
  float expected(std::size_t i) const noexcept;
  std::size_t pattern() const noexcept;

  Backend& backend_;
  Communicator& group_;
  Collective kind_;
  Dtype dtype_;
  std::size_t count_;
  Buffer data_;
};

}  // namespace tpscale
