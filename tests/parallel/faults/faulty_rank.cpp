// faulty_rank FAULT ARM WATCHDOG_SECONDS [TOKEN]: collectives for ever, until the last rank commits FAULT.
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "parallel/faults/faulty_communicator.h"
#include "parallel/world.h"
#include "support/host_memory_backend.h"

namespace tpscale {
namespace {

constexpr int kWhen = 101;  ///< the collective in whose place the fault stands

/// Faults beyond those of the injector.
void commit_odd(const std::string& fault, World& world) {
  if (fault == "barrier") world.barrier();  // another collective than the others
  if (fault == "leave") throw CollectiveError(ExitCode::kDone, "this rank believes that all leave");
}

void work(World& world, const std::string& fault, const ParallelOptions& options) {
  test::HostMemoryBackend backend;
  std::optional<FaultInjector> injector;
  auto group = world.make_group(world.size(), backend, options);
  const bool last = world.rank() == world.size() - 1;
  const bool odd = fault == "barrier" || fault == "leave";
  if (last && !odd) {
    const std::string rank = std::to_string(world.rank());
    injector.emplace(parse_fault("rank=" + rank + ",at=" + std::to_string(kWhen) + ",kind=" + fault));
    group = std::make_unique<FaultyCommunicator>(std::move(group), *injector);
  }
  for (int i = 1;; ++i) {
    if (i == kWhen && last && odd) commit_odd(fault, world);
    float value = 1;
    group->all_reduce_sum({&value, Dtype::kF32, 1, 1});
  }
}

int run(const std::string& fault, const ParallelOptions& options) {
  const auto world = make_world();
  try {
    world->place(0, true);
    work(*world, fault, options);
  } catch (const CollectiveError& error) {
    return static_cast<int>(error.code());
  } catch (const Error& error) {
    std::fprintf(stderr, "rank %d: %s\n", world->rank(), error.what());
    world->abort(static_cast<int>(error.code()));
  }
  return 0;
}

}  // namespace
}  // namespace tpscale

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  tpscale::ParallelOptions options;
  options.all_reduce = argv[2];
  options.watchdog_seconds = std::atof(argv[3]);
  return tpscale::run(argv[1], options);
}
