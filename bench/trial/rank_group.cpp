#include "bench/trial/rank_group.h"

namespace tpscale {

RankGroup::RankGroup(World& world, const DeviceSetup& setup, int degree) {
  world.place_group(degree);
  together(world, [&] { backend_ = make_backend(world, setup, degree); });
  const std::size_t before = backend_->device_memory().used_bytes;
  comm_ = world.make_group(degree, *backend_, setup.parallel);
  const std::size_t after = backend_->device_memory().used_bytes;
  communication_bytes_ = after > before ? after - before : 0;
  if (!comm_) backend_.reset();
}

}  // namespace tpscale
