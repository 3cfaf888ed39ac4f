#include "parallel/world/single_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "comm/single_rank.h"
#include "parallel/placement/available_cores.h"
#include "parallel/registry.h"
#include "parallel/world/degree.h"

namespace tpscale {

SingleWorld::SingleWorld() : placement_({available_cores()}) {}

int SingleWorld::place(int threads, bool pin) {
  const int chosen = placement_.choose(threads, pin);
  place_group(1);
  return chosen;
}

void SingleWorld::place_group(int degree) {
  require_degree(degree, 1);
  placement_.apply(degree);
  move_process_to(placement_.places().front().cores);
}

std::unique_ptr<Communicator> SingleWorld::make_group(int degree, Backend& backend,
                                                      const ParallelOptions& options) {
  place_group(degree);
  resolve_communicator(options.communicator, backend.name(),
                       "single");  // a wrong name is wrong on one rank, too
  return std::make_unique<SingleRank>();
}

void SingleWorld::all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) {
  std::ranges::copy(in, out.begin());
}

void SingleWorld::abort(int code) noexcept {
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace tpscale
