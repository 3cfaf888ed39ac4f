#include "bench/trial/injected_fault.h"

#include "bench/print/message.h"
#include "core/error.h"

namespace tpscale {

std::shared_ptr<FaultInjector> injected_fault(const World& world, const std::string& text) {
  if (text.empty()) return nullptr;
  const Fault fault = parse_fault(text);
  if (fault.rank >= world.size()) {
    throw UsageError("--inject-fault names rank " + std::to_string(fault.rank) + " and the ranks are 0 to " +
                     std::to_string(world.size() - 1));
  }
  return fault.rank == world.rank() ? std::make_shared<FaultInjector>(fault) : nullptr;
}

void say_if_not_reached(const World& world, const FaultInjector* injector) {
  if (injector == nullptr || injector->reached()) return;
  say("rank " + std::to_string(world.rank()) + " was to go wrong at collective " +
      std::to_string(injector->fault().at) + " and made only " + std::to_string(injector->collectives()));
}

}  // namespace tpscale
