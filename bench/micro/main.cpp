#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>

#include "bench/micro/all_reduce_benchmark.h"
#include "bench/micro/attention_benchmark.h"
#include "bench/micro/linear_benchmark.h"
#include "bench/micro/row_benchmark.h"
#include "bench/micro/tokenize_benchmark.h"
#include "core/error.h"
#include "parallel/world.h"

namespace tpscale {
namespace {

/// All ranks go through the collectives; only rank 0 measures and reports. Ops are measured where rank 0 is
/// alone: other ranks would take its bandwidth unseen.
int run(World& world, int argc, char** argv) {
  const std::shared_ptr<void> collectives = register_all_reduce_benchmarks(world);
  if (world.rank() != 0) return 0;
  if (world.size() == 1) {
    const auto devices = std::make_shared<BenchDevices>("auto");
    const std::vector<int> threads = {1, 2};
    register_linear_benchmarks(devices, threads);
    register_attention_benchmarks(devices, threads);
    register_row_benchmarks(devices, threads);
    register_tokenize_benchmarks();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return static_cast<int>(ExitCode::kUsage);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::ClearRegisteredBenchmarks();
  return 0;
}

}  // namespace
}  // namespace tpscale

int main(int argc, char** argv) {
  const auto world = tpscale::make_world();
  try {
    return tpscale::run(*world, argc, argv);
  } catch (const tpscale::Error& error) {
    std::fprintf(stderr, "tpscale-micro: %s\n", error.what());
    world->abort(static_cast<int>(error.code()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tpscale-micro: %s\n", error.what());
    world->abort(static_cast<int>(tpscale::ExitCode::kFailure));
  }
}
