#include <span>
#include <vector>

#include "parallel/world.h"
#include "parallel/world/outcome.h"

namespace tpscale {
namespace {

/// Every rank of `ranks` (a World or a group) tells how it went; the lowest one that failed speaks for all.
template <class Ranks>
void raise_first_failure(Ranks& ranks, const Outcome& mine) {
  std::vector<Outcome> all(static_cast<std::size_t>(ranks.size()));
  ranks.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&mine, 1)));
  for (std::size_t rank = 0; rank < all.size(); ++rank) all[rank].raise_if_failed(static_cast<int>(rank));
}

}  // namespace

void on_rank_zero(World& world, const std::function<void()>& function) {
  while_others_sleep(world, 1, function);
}

void while_others_sleep(World& world, int degree, const std::function<void()>& function) {
  Outcome outcome;
  if (world.rank() < degree) outcome = outcome_of(function);
  world.announce(std::as_writable_bytes(std::span(&outcome, 1)));
  outcome.raise_if_failed(0);
}

void together(World& world, const std::function<void()>& function) {
  raise_first_failure(world, outcome_of(function));
}

void together(Communicator& group, const std::function<void()>& function) {
  raise_first_failure(group, outcome_of(function));
}

}  // namespace tpscale
