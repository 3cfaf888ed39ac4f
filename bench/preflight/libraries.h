#pragma once
#include "bench/preflight/finding.h"

namespace tpscale {

/// The libraries of the host's side (MPI, HDF5) as they are loaded: alike on all ranks, and HDF5 of the
/// version that the program was built with (it ends the process where it finds out by itself). Those of a
/// device: check_devices. Collective over the world.
Finding check_libraries(World& world);

}  // namespace tpscale
