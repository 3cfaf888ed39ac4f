#pragma once
#include <functional>
#include <memory>
#include <string_view>

#include "backend/backend.h"
#include "comm/communicator.h"
#include "core/registry.h"
#include "parallel/watchdog/progress.h"
#include "parallel/world.h"

namespace tpscale {

/// What a communicator is made from: the group can already talk through host memory, so an implementation for
/// a device needs nothing of the launcher (an id to agree on travels through `host`).
struct GroupSetup {
  std::unique_ptr<Communicator> host;  ///< the world's own communicator of the group
  Backend& backend;
  const ParallelOptions& options;
  OperationLog log;  ///< for the watchdog: a communicator begins every operation here
};
using CommunicatorFactory = std::function<std::unique_ptr<Communicator>(GroupSetup)>;
Registry<CommunicatorFactory>& communicator_registry();

/// "auto" -> "nccl" for a device of its own where the build has it, else `native`, the name of the world's
/// own; any other name is itself. Throws NotAvailableError on a name that is not in this build.
std::string resolve_communicator(std::string_view requested, std::string_view backend,
                                 std::string_view native);

/// How a launch may have started this process. A factory returns nullptr where it was not by its launcher.
using WorldFactory = std::function<std::unique_ptr<World>()>;
Registry<WorldFactory>& world_registry();

}  // namespace tpscale
