#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "engine/engine.h"

namespace tpscale {

/// Which requests are there. Where any arrives later than 0, rank 0's clock decides and the others are told;
/// else all are there from the start and nothing is sent.
class Arrivals {
 public:
  Arrivals(std::span<const Request> requests, Communicator& comm);

  /// Requests that have arrived by `now_s` and were not returned before, in order of arrival. Collective
  /// where timed.
  std::span<const std::size_t> take(double now_s);
  bool exhausted() const noexcept { return taken_ == order_.size(); }
  bool timed() const noexcept { return timed_; }
  /// Seconds from `now_s` to the next arrival; only while not exhausted.
  double until_next(double now_s) const { return times_[taken_] - now_s; }

 private:
  Communicator& comm_;
  std::vector<std::size_t> order_;  ///< requests by time of arrival, ties in the order given
  std::vector<double> times_;       ///< of order_
  std::size_t taken_ = 0;
  bool timed_ = false;
};

}  // namespace tpscale
