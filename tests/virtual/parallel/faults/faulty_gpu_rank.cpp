// faulty_gpu_rank FAULT WATCHDOG_SECONDS [TOKEN]: collectives of NCCL in the stream, until the last rank
// commits FAULT. What the library itself is to do wrong stands in VIRTUAL_GPU_FAIL.
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "backend/backend.h"
#include "parallel/faults/faulty_communicator.h"
#include "parallel/world.h"

namespace tpscale {
namespace {

constexpr int kWhen = 20;  ///< the collective in whose place the fault stands
constexpr int kInAll = 40;

void work(World& world, const std::string& fault, const ParallelOptions& options) {
  const bool last = world.rank() == world.size() - 1;
  const auto backend =
      backend_registry().find("cuda").factory({}, DevicePlace{world.rank(), world.size(), true});
  if (fault == "absent" && last) std::this_thread::sleep_for(std::chrono::hours(1));
  std::optional<FaultInjector> injector;
  auto group = world.make_group(world.size(), *backend, options);
  if (last && (fault == "skip" || fault == "kill" || fault == "throw")) {
    injector.emplace(parse_fault("rank=" + std::to_string(world.rank()) + ",at=" + std::to_string(kWhen) +
                                 ",kind=" + fault));
    group = std::make_unique<FaultyCommunicator>(std::move(group), *injector);
  }
  const Buffer memory = backend->allocate(4000, MemoryKind::kActivations);
  for (int i = 1; i <= kInAll; ++i) {
    // Neighbours differ in size, unless all are to be alike.
    const std::int64_t count = fault == "skip" && i >= kWhen ? 100 : 100 + i;
    group->all_reduce_sum({memory.data(), Dtype::kF32, 1, fault == "muddle" && last ? count + 1 : count});
    if (i % 10 == 0) backend->stream().synchronize();
  }
}

int run(const std::string& fault, const ParallelOptions& options) {
  const auto world = make_world();
  try {
    world->place(0, true);
    work(*world, fault, options);
  } catch (const Error& error) {
    std::fprintf(stderr, "rank %d: %s\n", world->rank(), error.what());
    world->abort(static_cast<int>(error.code()));
  }
  std::puts("done");
  return 0;
}

}  // namespace
}  // namespace tpscale

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  tpscale::ParallelOptions options;
  options.communicator = "nccl";
  options.watchdog_seconds = std::atof(argv[2]);
  return tpscale::run(argv[1], options);
}
