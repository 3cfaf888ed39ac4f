#pragma once
#include "bench/preflight/finding.h"
#include "bench/trial/device_setup.h"

namespace tpscale {

/// After the ranks were placed: whether two of them share a core although what started them has enough for
/// all, as after a wrong --cpu-bind. Collective over the world.
Finding check_cores(World& world, const DeviceSetup& setup, int degree);

}  // namespace tpscale
