#include <cstdlib>
#include <string>

#include "parallel/registry.h"
#include "parallel/world/single_world.h"

namespace tpscale {
namespace {

/// Number of processes a launcher says it started together with this one, 1 where none does.
int announced_ranks() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (const char* value = std::getenv(name); value != nullptr) return std::atoi(value);
  }
  return 1;
}

}  // namespace

std::unique_ptr<World> make_world() {
  for (const auto& [name, entry] : world_registry().entries()) {
    if (std::unique_ptr<World> world = entry.factory()) return world;
  }
  // Silently running N worlds of one would measure N copies of the same thing.
  if (const int ranks = announced_ranks(); ranks > 1) {
    throw NotAvailableError(
        "this process is one of " + std::to_string(ranks) +
        " that were started together but cannot find the others: build with TPSCALE_MPI=ON, and start "
        "with mpirun or srun --mpi=pmix");
  }
  return std::make_unique<SingleWorld>();
}

}  // namespace tpscale
