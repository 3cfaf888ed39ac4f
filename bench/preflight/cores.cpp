#include "bench/preflight/cores.h"

#include <algorithm>
#include <set>

#include "parallel/placement/available_cores.h"

namespace tpscale {
namespace {

/// What one rank knows.
struct Cores {
  int of_launcher;  ///< how many what started it may use
  int partner;      ///< with whom it shares a physical core, -1: with nobody
};

/// A core of both, -1 where there is none.
int shared_core(const RankPlace& a, const RankPlace& b) {
  const std::set<int> cores(a.cores.begin(), a.cores.end());
  const auto found = std::ranges::find_if(b.cores, [&](int core) { return cores.contains(core); });
  return found == b.cores.end() ? -1 : *found;
}

/// The first rank below `degree` on this rank's host that has a hyperthread of the same physical core; -1.
int hyperthread_partner(const World& world, int degree) {
  const RankPlace& own = world.places().at(static_cast<std::size_t>(world.rank()));
  std::set<int> mine;
  for (const int core : own.cores) mine.insert(physical_core(core));
  for (const RankPlace& other : world.places()) {
    if (own.rank >= degree || other.rank >= degree || other.rank == own.rank || other.host != own.host)
      continue;
    if (std::ranges::any_of(other.cores, [&](int core) { return mine.contains(physical_core(core)); }))
      return other.rank;
  }
  return -1;
}

}  // namespace

Finding check_cores(World& world, const DeviceSetup& setup, int degree) {
  std::vector<Cores> known(static_cast<std::size_t>(world.size()));
  const bool own_cores = setup.parallel.pin && !world.oversubscribed(degree);
  const Cores mine{launcher_cores(), own_cores ? hyperthread_partner(world, degree) : -1};
  world.all_gather_host(std::as_writable_bytes(std::span(known)), std::as_bytes(std::span(&mine, 1)));
  if (!setup.parallel.pin) return passed("cores", "not pinned, as asked for");
  const auto& places = world.places();
  for (int rank = 1; rank < degree; ++rank) {
    const RankPlace& place = places.at(static_cast<std::size_t>(rank));
    const auto there = std::ranges::count_if(
        places, [&](const RankPlace& other) { return other.rank < degree && other.host == place.host; });
    const auto wanted = static_cast<int>(there) * setup.options.threads;
    if (known[static_cast<std::size_t>(rank)].of_launcher < wanted) continue;
    for (int before = 0; before < rank; ++before) {
      const RankPlace& other = places[static_cast<std::size_t>(before)];
      const int core = other.host == place.host ? shared_core(place, other) : -1;
      if (core < 0) continue;
      return doubtful(
          "cores", ExitCode::kUsage,
          "ranks " + std::to_string(before) + " and " + std::to_string(rank) + " on " + place.host +
              " share core " + std::to_string(core) + " although there are enough for all " +
              std::to_string(there) +
              "; let the launcher bind a rank to cores of its own or none at all (mpirun --bind-to "
              "none, srun --cpu-bind=none)");
    }
  }
  const std::string threads = std::to_string(setup.options.threads) + " threads a rank";
  if (world.oversubscribed(degree))
    return passed("cores", threads + ", more than cores: points are marked oversubscribed");
  const auto shared = std::ranges::find_if(known, [](const Cores& cores) { return cores.partner >= 0; });
  if (shared == known.end()) return passed("cores", threads + ", cores of their own");
  return passed("cores", threads + ", but ranks " + std::to_string(shared - known.begin()) + " and " +
                             std::to_string(shared->partner) +
                             " have hyperthreads of the same physical core: fewer ranks or --threads "
                             "give each physical cores of its own");
}

}  // namespace tpscale
