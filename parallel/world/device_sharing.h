#pragma once
#include <string>

#include "backend/backend.h"
#include "comm/communicator.h"

namespace tpscale {

/// Whether ranks of a group work on the same device.
struct DeviceSharing {
  int ranks_per_device = 1;  ///< most ranks on one device
  int first = 0;             ///< two ranks of that device, where ranks_per_device > 1
  int second = 0;
  std::string device;  ///< its Backend::device_id()
};

/// The same on all ranks. Collective over `group`. Ranks whose backend names no device share none: their
/// cores are placed.
DeviceSharing device_sharing(Communicator& group, const Backend& backend);

}  // namespace tpscale
