#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "bench/micro/exact_message.h"
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

/// The group sizes that a launch of so many ranks measures: powers of two, and all of them.
std::vector<int> group_sizes(int ranks);

/// One message of one rank, again and again. `bytes`: each rank's of all_reduce and broadcast, all ranks'
/// together of the others; a multiple of ranks x element size.
class CollectiveMessage {
 public:
  CollectiveMessage(Backend& backend, Communicator& group, Collective kind, Dtype dtype, std::size_t bytes);

  void enqueue();
  void clear();  ///< zeros stay zeros, however often they are summed
  /// Once, with an ExactMessage. Collective over the group; every rank judges what it got.
  bool is_right();

 private:
  float expected(std::size_t i) const noexcept;

  Backend& backend_;
  Communicator& group_;
  Collective kind_;
  Dtype dtype_;
  std::size_t count_;
  ExactMessage exact_;
  Buffer data_;
};

}  // namespace tpscale
