#include <benchmark/benchmark.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>

#include "backend/plugins.h"
#include "bench/micro/collective_benchmark.h"
#include "bench/micro/command_line.h"
#include "bench/micro/families.h"
#include "bench/micro/google_benchmark.h"
#include "bench/micro/scratch_folder.h"
#include "bench/micro/stored_run.h"
#include "bench/preflight/start.h"
#include "bench/trial/interrupt.h"
#include "core/error.h"
#include "parallel/registry.h"

namespace tpscale {
namespace {

void register_all(const Families& all) {
  register_linear(all);
  register_rows(all);
  register_attention(all);
  register_cached(all);
  register_kv_copies(all);
  register_block_manager(all);
  register_scheduler(all);
  register_loading(all);
  register_store(all);
  register_tokenizers(all);
}

/// Rank 0 alone registers, measures, prints and stores; the collectives are served by all ranks, so that what
/// stops rank 0 stops them.
ExitCode measure(World& world, const Interrupt& interrupt, const MicroCommandLine& line,
                 GoogleBenchmark& google, const std::vector<std::string>& arguments,
                 CollectiveBenchmarks* collectives) {
  std::optional<ScratchFolder> scratch;
  std::shared_ptr<BenchDevices> devices;
  Suite suite(world, interrupt);
  if (collectives != nullptr) {
    collectives->add_to(suite);
  } else {
    scratch.emplace(line.options.scratch);
    devices = std::make_shared<BenchDevices>(world, line.options);
    register_all({suite, devices, line.options, scratch->path().string()});
  }
  MicroStore store(world, line.options.store, arguments, [&]() -> Backend& {
    return collectives != nullptr ? collectives->backend() : devices->current().backend();
  });
  KeptRuns runs(suite, store);
  google.run(runs);
  if (suite.wrong()) return ExitCode::kVerdictFailed;
  if (!interrupt.requested()) return ExitCode::kDone;
  std::fprintf(
      stderr,
      "tpscale-micro: interrupted; the finished benchmarks are kept, and the rest was not measured\n");
  return ExitCode::kInterrupted;
}

void open_parts() {
  for (const Plugin& plugin : open_plugins()) {
    if (plugin.problem.empty()) continue;
    for (const std::string& name : plugin.communicators)
      communicator_registry().note_absent(name, plugin.problem);
  }
}

ExitCode run(World& world, const std::vector<std::string>& arguments) {
  open_parts();
  enforce(world, check_start(world, arguments));
  MicroCommandLine line;
  std::optional<GoogleBenchmark> google;
  together(world, [&] {
    line = parse_micro_command_line({arguments.begin() + 1, arguments.end()});
    google.emplace(line.google, !line.options.store.empty(), world.size() > 1);
  });
  if (line.help) {
    if (world.rank() == 0) std::fputs(micro_help().c_str(), stdout);
    return ExitCode::kDone;
  }
  // Ops are measured where rank 0 is alone: other ranks would take its bandwidth unseen.
  const Interrupt interrupt;
  if (world.size() == 1) return measure(world, interrupt, line, *google, arguments, nullptr);
  CollectiveBenchmarks collectives(world, line.options);
  if (world.rank() != 0) {
    collectives.serve();
    return ExitCode::kDone;
  }
  const ExitCode code = measure(world, interrupt, line, *google, arguments, &collectives);
  collectives.end();
  return code;
}

}  // namespace
}  // namespace tpscale

int main(int argc, char** argv) {
  // A file beyond the size limit then is an error of write(), not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  const auto world = tpscale::make_world();
  try {
    return static_cast<int>(tpscale::run(*world, {argv, argv + argc}));
  } catch (const tpscale::CollectiveError& error) {
    if (world->rank() == 0) std::fprintf(stderr, "tpscale-micro: %s\n", error.what());
    return static_cast<int>(error.code());
  } catch (const tpscale::Error& error) {
    std::fprintf(stderr, "tpscale-micro: %s\n", error.what());
    world->abort(static_cast<int>(error.code()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tpscale-micro: %s\n", error.what());
    world->abort(static_cast<int>(tpscale::ExitCode::kFailure));
  }
}
