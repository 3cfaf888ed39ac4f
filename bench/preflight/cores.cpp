#include "bench/preflight/cores.h"

#include <algorithm>
#include <set>

#include "parallel/placement/available_cores.h"

namespace tpscale {
namespace {

/// A core of both, -1 where there is none.
int shared_core(const RankPlace& a, const RankPlace& b) {
  const std::set<int> cores(a.cores.begin(), a.cores.end());
  const auto found = std::ranges::find_if(b.cores, [&](int core) { return cores.contains(core); });
  return found == b.cores.end() ? -1 : *found;
}

}  // namespace

Finding check_cores(World& world, const DeviceSetup& setup, int degree) {
  std::vector<int> enough(static_cast<std::size_t>(world.size()));
  const int mine = launcher_cores();
  world.all_gather_host(std::as_writable_bytes(std::span(enough)), std::as_bytes(std::span(&mine, 1)));
  if (!setup.parallel.pin) return passed("cores", "not pinned, as asked for");
  const auto& places = world.places();
  for (int rank = 1; rank < degree; ++rank) {
    const RankPlace& place = places.at(static_cast<std::size_t>(rank));
    const auto there = std::ranges::count_if(
        places, [&](const RankPlace& other) { return other.rank < degree && other.host == place.host; });
    const auto wanted = static_cast<int>(there) * setup.options.threads;
    if (enough[static_cast<std::size_t>(rank)] < wanted) continue;
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
  return passed("cores", world.oversubscribed(degree)
                             ? threads + ", more than cores: points are marked oversubscribed"
                             : threads + ", cores of their own");
}

}  // namespace tpscale
