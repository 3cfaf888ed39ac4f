#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>
#include <optional>

#include "backend/plugins.h"
#include "bench/micro/collective_benchmark.h"
#include "bench/micro/command_line.h"
#include "bench/micro/families.h"
#include "bench/micro/scratch_folder.h"
#include "bench/micro/stored_run.h"
#include "bench/preflight/start.h"
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

/// A point wants repetitions: one sample has no interval.
constexpr const char* kStoredRepetitions = "--benchmark_repetitions=10";

/// Google Benchmark's own words. It keeps the pointers, so they live as long as it runs.
class GoogleArguments {
 public:
  GoogleArguments(std::vector<std::string> words, bool stored) : words_(std::move(words)) {
    words_.insert(words_.begin(), "tpscale-micro");
    if (stored) words_.insert(words_.begin() + 1, kStoredRepetitions);  // what is given comes later and wins
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  void initialize() {
    int count = static_cast<int>(words_.size());
    benchmark::Initialize(&count, pointers_.data());
    if (count > 1) {
      throw UsageError("'" + std::string(pointers_[1]) + "' is no option of Google Benchmark");
    }
  }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

/// Rank 0 alone registers, measures, prints and stores; the collectives are served by all ranks.
ExitCode measure(World& world, const MicroCommandLine& line, const std::vector<std::string>& arguments,
                 CollectiveBenchmarks* collectives) {
  std::optional<MicroStore> store;
  if (!line.options.store.empty()) store.emplace(world, line.options.store, arguments);
  std::optional<ScratchFolder> scratch;
  std::shared_ptr<BenchDevices> devices;
  Suite suite;
  if (collectives != nullptr) {
    collectives->add_to(suite);
  } else {
    scratch.emplace(line.options.scratch);
    devices = std::make_shared<BenchDevices>(world, line.options);
    register_all({suite, devices, line.options, scratch->path().string()});
  }
  GoogleArguments google(line.google, store.has_value());
  google.initialize();
  KeptRuns runs{std::unique_ptr<benchmark::BenchmarkReporter>(benchmark::CreateDefaultDisplayReporter())};
  benchmark::RunSpecifiedBenchmarks(&runs);
  if (store)
    store->publish(suite, runs, collectives != nullptr ? collectives->backend() : devices->current().backend());
  suite.release();
  benchmark::ClearRegisteredBenchmarks();
  return suite.wrong() ? ExitCode::kVerdictFailed : ExitCode::kDone;
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
  together(world, [&] { line = parse_micro_command_line({arguments.begin() + 1, arguments.end()}); });
  if (line.help) {
    if (world.rank() == 0) std::fputs(micro_help().c_str(), stdout);
    return ExitCode::kDone;
  }
  // Ops are measured where rank 0 is alone: other ranks would take its bandwidth unseen.
  if (world.size() == 1) return measure(world, line, arguments, nullptr);
  CollectiveBenchmarks collectives(world, line.options);
  if (world.rank() != 0) {
    collectives.serve();
    return ExitCode::kDone;
  }
  const ExitCode code = measure(world, line, arguments, &collectives);
  collectives.end();
  return code;
}

}  // namespace
}  // namespace tpscale

int main(int argc, char** argv) {
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
