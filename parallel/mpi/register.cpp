#include "parallel/mpi/mpi_world.h"
#include "parallel/registry.h"
#include "parallel/staged/staged_communicator.h"

namespace tpscale::mpi {
namespace {

std::unique_ptr<Communicator> make_communicator(GroupSetup setup) {
  if (!setup.backend.memory_is_host())
    return std::make_unique<StagedCommunicator>(std::move(setup.host), setup.backend);
  return std::move(setup.host);
}

const bool kCommunicator = communicator_registry().add(
    "mpi",
    "ranks of mpirun or srun: shared memory on one host, MPI between hosts; staged where memory is a GPU's",
    make_communicator);

const bool kWorld = world_registry().add("mpi", "mpirun, or srun --mpi=pmix", []() -> std::unique_ptr<World> {
  if (!Session::was_launched()) return nullptr;
  return std::make_unique<MpiWorld>();
});

}  // namespace
}  // namespace tpscale::mpi
