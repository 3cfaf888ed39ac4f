#pragma once
#include <cstddef>
#include <memory>

#include "backend/backend.h"
#include "bench/trial/device_setup.h"
#include "comm/communicator.h"
#include "parallel/world.h"

namespace tpscale {

/// The ranks 0 .. degree-1 at work together: this rank's device and its communicator. On a rank outside the
/// group it is empty and holds no device, so that nothing of it stays awake.
class RankGroup {
 public:
  /// Collective over the world. Throws what a backend or communicator throws, on all ranks. `shard_of` N > 0:
  /// rank 0 alone (degree 1) stands for the first of N, whose messages are left out (comm/replay.h).
  RankGroup(World& world, const DeviceSetup& setup, int degree, int shard_of = 0);

  bool inside() const noexcept { return comm_ != nullptr; }
  Backend& backend() const noexcept { return *backend_; }
  Communicator& comm() const noexcept { return *comm_; }
  /// More ranks than cores on a host, or than devices.
  bool oversubscribed() const noexcept { return oversubscribed_; }
  /// What the device's own view of its memory grew by when the communicator was made.
  std::size_t communication_bytes() const noexcept { return communication_bytes_; }

 private:
  std::unique_ptr<Backend> backend_;  ///< outlives the communicator
  std::unique_ptr<Communicator> comm_;
  std::size_t communication_bytes_ = 0;
  bool oversubscribed_ = false;
};

}  // namespace tpscale
