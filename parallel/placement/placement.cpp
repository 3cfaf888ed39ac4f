#include "parallel/placement/placement.h"

#include <algorithm>

namespace tpscale {

Placement::Placement(const std::vector<AvailableCores>& by_rank) : places_(by_rank.size()) {
  std::map<std::string, std::size_t> index_of;
  std::vector<std::map<int, int>> physical_of;  // by host
  for (std::size_t rank = 0; rank < by_rank.size(); ++rank) {
    const AvailableCores& available = by_rank[rank];
    const auto [at, is_new] = index_of.try_emplace(available.host, hosts_.size());
    if (is_new) {
      hosts_.emplace_back();
      physical_of.emplace_back();
    }
    Host& host = hosts_[at->second];
    host_of_.push_back(at->second);
    places_[rank].rank = static_cast<int>(rank);
    places_[rank].local_rank = static_cast<int>(host.ranks.size());
    places_[rank].host = available.host;
    host.ranks.push_back(static_cast<int>(rank));
    for (std::size_t i = 0; i < available.cores.size(); ++i) {
      const int core = available.cores[i];
      const int physical = i < available.physical.size() ? available.physical[i] : core;
      if (physical_of[at->second].try_emplace(core, physical).second) host.cores.push_back(core);
    }
    const double granted = std::min(available.quota, static_cast<double>(host.cores.size()));
    host.usable = std::max(1, static_cast<int>(granted));
  }
  for (std::size_t i = 0; i < hosts_.size(); ++i)
    hosts_[i].spread = spread_of(hosts_[i].cores, physical_of[i]);
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
  spread_ = threads > 0 || threads_ == 1;
  return threads_;
}

std::vector<int> Placement::spread_of(const std::vector<int>& cores, const std::map<int, int>& physical_of) {
  std::map<int, int> seen;       // physical core -> hyperthreads so far
  std::map<int, int> number_of;  // core -> which hyperthread of its physical core it is
  for (const int core : cores) number_of[core] = seen[physical_of.at(core)]++;
  std::vector<int> spread = cores;
  std::ranges::stable_sort(spread, {}, [&](int core) { return number_of.at(core); });
  return spread;
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
      const auto first = (spread_ ? host.spread : host.cores).begin() + place.local_rank * threads_;
      place.cores.assign(first, first + static_cast<std::ptrdiff_t>(count));
    }
  }
}

}  // namespace tpscale
