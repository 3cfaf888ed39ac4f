#include "bench/trial/rank_group.h"

#include "comm/replay.h"
#include "parallel/world/device_sharing.h"

namespace tpscale {

RankGroup::RankGroup(World& world, const DeviceSetup& setup, int degree, int shard_of) {
  world.place_group(degree);
  together(world, [&] { backend_ = make_backend(world, setup, degree); });
  const std::size_t before = backend_->device_memory().used_bytes;
  comm_ = world.make_group(degree, *backend_, setup.parallel);
  const std::size_t after = backend_->device_memory().used_bytes;
  communication_bytes_ = after > before ? after - before : 0;
  if (!comm_) {
    backend_.reset();
    return;
  }
  oversubscribed_ = world.oversubscribed(degree) || device_sharing(*comm_, *backend_).ranks_per_device > 1;
  if (shard_of > 0) comm_ = std::make_unique<ReplayCommunicator>(0, shard_of);
  if (setup.faults) comm_ = std::make_unique<FaultyCommunicator>(std::move(comm_), *setup.faults);
}

}  // namespace tpscale
