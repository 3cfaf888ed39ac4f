#pragma once
#include <memory>
#include <string>

#include "backend/backend.h"
#include "parallel/faults/faulty_communicator.h"
#include "parallel/world.h"

namespace tpscale {

/// How a launch's ranks set up their devices: the options with everything automatic resolved.
struct DeviceSetup {
  std::string backend;     ///< a name of the registry
  BackendOptions options;  ///< threads resolved, the same on all ranks
  ParallelOptions parallel;
  std::shared_ptr<FaultInjector> faults = {};  ///< of this rank; empty: none
};

/// Resolves `auto` (a GPU where the build and the machine have one, else the CPU) and places the ranks on
/// their cores. Collective over the world. Throws NotAvailableError.
DeviceSetup set_up_devices(World& world, const std::string& backend, const BackendOptions& options,
                           const ParallelOptions& parallel);

/// The same for a dry run, which opens no device: a backend of this build that only this machine lacks will
/// do, as the plan for a GPU node is made where jobs are submitted.
DeviceSetup plan_devices(World& world, const std::string& backend, const BackendOptions& options,
                         const ParallelOptions& parallel);

/// This rank's device as one of the ranks 0 .. degree-1 at work, made from the registry.
std::unique_ptr<Backend> make_backend(const World& world, const DeviceSetup& setup, int degree);

}  // namespace tpscale
