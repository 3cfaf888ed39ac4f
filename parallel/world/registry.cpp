#include "parallel/registry.h"

#include "comm/single_rank.h"

namespace tpscale {

Registry<CommunicatorFactory>& communicator_registry() {
  static Registry<CommunicatorFactory> registry = [] {
    Registry<CommunicatorFactory> entries("communicator");
    entries.add("single", "the identity: a group of one rank",
                [](const GroupSetup& setup) -> std::unique_ptr<Communicator> {
                  if (setup.host->size() == 1) return std::make_unique<SingleRank>();
                  throw UsageError("communicator 'single' is a group of one rank and cannot carry " +
                                   std::to_string(setup.host->size()) + "; use --communicator auto");
                });
    return entries;
  }();
  return registry;
}

Registry<WorldFactory>& world_registry() {
  static Registry<WorldFactory> registry("launcher");
  return registry;
}

std::string resolve_communicator(std::string_view requested, std::string_view backend,
                                 std::string_view native) {
  const Registry<CommunicatorFactory>& registry = communicator_registry();
  if (requested != "auto") {
    registry.find(requested);
    return std::string(requested);
  }
  return backend != "cpu" && registry.contains("nccl") ? "nccl" : std::string(native);
}

}  // namespace tpscale
