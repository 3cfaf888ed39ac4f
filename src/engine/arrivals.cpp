#include "engine/arrivals.h"

#include <algorithm>
#include <numeric>

namespace tpscale {

Arrivals::Arrivals(std::span<const Request> requests, Communicator& comm)
    : comm_(comm), order_(requests.size()) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::ranges::stable_sort(order_, {}, [&](std::size_t i) { return requests[i].arrival_s; });
  for (const std::size_t i : order_) times_.push_back(requests[i].arrival_s);
  timed_ = !times_.empty() && times_.back() > 0.0;
}

std::span<const std::size_t> Arrivals::take(double now_s) {
  if (exhausted()) return {};
  std::uint64_t arrived = order_.size();
  if (timed_) {
    arrived = static_cast<std::uint64_t>(std::ranges::upper_bound(times_, now_s) - times_.begin());
    comm_.broadcast_host(std::as_writable_bytes(std::span(&arrived, 1)), 0);
  }
  const auto fresh = std::span(order_).subspan(taken_, arrived - taken_);
  taken_ = arrived;
  return fresh;
}

}  // namespace tpscale
