#include "parallel/registry.h"

namespace tpscale {
namespace {

const bool kRegistered = communicator_registry().add(
    "thread", "for tests: N ranks as threads of one process",
    [](const GroupSetup&) -> std::unique_ptr<Communicator> {
      throw UsageError(
          "communicator 'thread' joins threads of one process and is for tests; use --communicator auto");
    });

}  // namespace
}  // namespace tpscale
