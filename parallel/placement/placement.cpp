#include "parallel/placement/placement.h"

#include <algorithm>
#include <map>

namespace tpscale {

Placement::Placement(const std::vector<AvailableCores>& by_rank) : places_(by_rank.size()) {
  std::map<std::string, std::size_t> index_of;
  for (std::size_t rank = 0; rank < by_rank.size(); ++rank) {
    const AvailableCores& available = by_rank[rank];
    const auto [at, is_new] = index_of.try_emplace(available.host, hosts_.size());
    if (is_new) hosts_.emplace_back();
    Host& host = hosts_[at->second];
    host_of_.push_back(at->second);
    places_[rank].rank = static_cast<int>(rank);
    places_[rank].local_rank = static_cast<int>(host.ranks.size());
    places_[rank].host = available.host;
    host.ranks.push_back(static_cast<int>(rank));
    for (const int core : available.cores) {
      if (std::ranges::find(host.cores, core) == host.cores.end()) host.cores.push_back(core);
    }
    const double granted = std::min(available.quota, static_cast<double>(host.cores.size()));
    host.usable = std::max(1, static_cast<int>(granted));
  }
  for (std::size_t rank = 0; rank < places_.size(); ++rank) {
    places_[rank].local_size = static_cast<int>(hosts_[host_of_[rank]].ranks.size());
  }
  choose(0, true);
  apply(static_cast<int>(places_.size()));
}

int Placement::choose(int threads, bool pin) noexcept {
  pin_ = pin;
  threads_ = threads;
  if (threads == 0) {
    const auto share = [](const Host& host) { return host.usable / static_cast<int>(host.ranks.size()); };
    threads_ = std::max(1, share(*std::ranges::min_element(hosts_, {}, share)));
  }
  return threads_;
}

int Placement::members(const Host& host, int degree) noexcept {
  return static_cast<int>(std::ranges::lower_bound(host.ranks, degree) - host.ranks.begin());
}

bool Placement::oversubscribed(int degree) const noexcept {
  return std::ranges::any_of(
      hosts_, [&](const Host& host) { return members(host, degree) * threads_ > host.usable; });
}

void Placement::apply(int degree) {
  const auto count = static_cast<std::size_t>(threads_);
  for (RankPlace& place : places_) {
    const Host& host = hosts_[host_of_[static_cast<std::size_t>(place.rank)]];
    place.cores = host.cores;
    if (pin_ && place.rank < degree && members(host, degree) * threads_ <= host.usable) {
      const auto first = host.cores.begin() + place.local_rank * threads_;
      place.cores.assign(first, first + static_cast<std::ptrdiff_t>(count));
    }
  }
}

}  // namespace tpscale
