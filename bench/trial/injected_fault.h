#pragma once
#include <memory>
#include <string>

#include "parallel/faults/faulty_communicator.h"
#include "parallel/world.h"

namespace tpscale {

/// --inject-fault as this rank sees it: its injector, nothing on the others or where `text` is empty. Throws
/// UsageError, the same on all ranks.
std::shared_ptr<FaultInjector> injected_fault(const World& world, const std::string& text);

/// At the end of a launch: a rank whose fault was not reached says so, as a test that waits for it tests
/// nothing.
void say_if_not_reached(const World& world, const FaultInjector* injector);

}  // namespace tpscale
