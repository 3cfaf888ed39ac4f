#include "core/error.h"
#include "parallel/nccl/nccl_communicator.h"
#include "parallel/nccl/nccl_library.h"
#include "parallel/registry.h"

namespace tpscale::nccl {
namespace {

std::unique_ptr<Communicator> make_communicator(GroupSetup setup) {
  if (setup.backend.memory_is_host()) {
    throw NotAvailableError("communicator 'nccl' works on the memory of GPUs and cannot carry backend '" +
                            std::string(setup.backend.name()) + "'; use --communicator auto");
  }
  return std::make_unique<NcclCommunicator>(std::move(setup.host), setup.backend, setup.options, setup.log);
}

std::string absence() {
  try {
    open_nccl();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

const bool kCommunicator =
    communicator_registry().add("nccl", "NCCL on the stream of a GPU of each rank's own; part of CUDA graphs",
                                make_communicator, absence);

}  // namespace
}  // namespace tpscale::nccl
