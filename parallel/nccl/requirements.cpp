#include "parallel/nccl/requirements.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "core/error.h"
#include "parallel/world/device_sharing.h"

namespace tpscale::nccl {
namespace {

void require_same_version(Communicator& host, const NcclVersion& version) {
  std::vector<int> all(static_cast<std::size_t>(host.size()));
  const int mine = version.code();
  host.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&mine, 1)));
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == all[0]) continue;
    throw NotAvailableError("rank " + std::to_string(rank) + " has NCCL " + NcclVersion(all[rank]).text() +
                            " and rank 0 has " + NcclVersion(all[0]).text() +
                            "; let all of them load the same library");
  }
}

}  // namespace

int require_usable(Communicator& host, const Backend& backend, const NcclVersion& version,
                   int allowed_ranks_per_device) {
  require_same_version(host, version);
  const DeviceSharing sharing = device_sharing(host, backend);
  if (sharing.ranks_per_device > allowed_ranks_per_device) {
    throw NotAvailableError("ranks " + std::to_string(sharing.first) + " and " +
                            std::to_string(sharing.second) + " work on the same device (" + sharing.device +
                            ") and NCCL wants one for each; start fewer ranks or use --communicator mpi");
  }
  if (allowed_ranks_per_device > 1) {
    if (!version.at_least(2, 30)) {
      throw NotAvailableError("--nccl-ranks-per-gpu needs NCCL 2.30 or newer and this is " + version.text() +
                              "; use --communicator mpi for ranks that share a GPU");
    }
    // NCCL reads it when the first communicator is made; what the user has set stays.
    setenv("NCCL_MULTI_RANK_GPU_ENABLE", "1", 0);  // NOLINT(concurrency-mt-unsafe)
  }
  return sharing.ranks_per_device;
}

}  // namespace tpscale::nccl
