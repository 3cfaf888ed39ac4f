// faulty_rank FAULT ARM WATCHDOG_SECONDS [TOKEN]: collectives for ever, until the last rank commits FAULT.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include "parallel/world.h"
#include "support/host_memory_backend.h"

namespace tpscale {
namespace {

constexpr int kWhen = 100;  ///< the collective in whose place the fault stands

void commit(const std::string& fault, World& world) {
  volatile bool forever = true;
  if (fault == "kill") std::raise(SIGKILL);
  if (fault == "stop") std::raise(SIGSTOP);
  if (fault == "segv") std::raise(SIGSEGV);
  if (fault == "exit") std::_Exit(0);
  if (fault == "throw") throw BadDataError("rank " + std::to_string(world.rank()) + ": a fault of the test");
  if (fault == "loop") {
    while (forever) std::this_thread::yield();
  }
  if (fault == "barrier") world.barrier();  // another collective than the others
  if (fault == "leave") throw CollectiveError(ExitCode::kDone, "this rank believes that all leave");
}

void work(World& world, const std::string& fault, const ParallelOptions& options) {
  test::HostMemoryBackend backend;
  const auto group = world.make_group(world.size(), backend, options);
  for (int i = 0;; ++i) {
    if (i == kWhen && world.rank() == world.size() - 1) {
      commit(fault, world);
      continue;
    }
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
    std::fprintf(stderr, "%s\n", error.what());
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
