#include "parallel/mpi/mpi_world.h"
#include "parallel/registry.h"

namespace tpscale::mpi {
namespace {

std::unique_ptr<Communicator> make_communicator(GroupSetup setup) {
  if (setup.backend.stream().native() != nullptr) {
    throw NotAvailableError("communicator 'mpi' works on host memory and cannot carry backend '" +
                            std::string(setup.backend.name()) +
                            "'; build with TPSCALE_NCCL=ON and use --communicator nccl");
  }
  return std::move(setup.host);
}

const bool kCommunicator = communicator_registry().add(
    "mpi", "ranks of mpirun or srun: shared memory on one host, MPI between hosts", make_communicator);

const bool kWorld = world_registry().add("mpi", "mpirun, or srun --mpi=pmix", []() -> std::unique_ptr<World> {
  if (!Session::was_launched()) return nullptr;
  return std::make_unique<MpiWorld>();
});

}  // namespace
}  // namespace tpscale::mpi
