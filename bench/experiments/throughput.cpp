#include "bench/experiment.h"
#include "bench/trial/base_test.h"

namespace tpscale {
namespace {

void run(Launch& launch) {
  run_base_test(
      launch,
      {"throughput",
       "The whole set of requests, again and again. Prefill, decode and scheduling seconds are sums over the "
       "steps of a run and must add up to its wall seconds.",
       {{"tp", "", "tp"},
        {"prefill", "token/s", "prefill_throughput"},
        {"decode", "token/s", "decode_throughput"},
        {"output", "token/s", "output_throughput"},
        {"total", "token/s", "total_throughput"},
        {"total", "token/s/dev.", "total_throughput_per_device"},
        {"wall", "s", "wall_seconds"},
        {"prefill", "s", "prefill_seconds"},
        {"decode", "s", "decode_seconds"},
        {"scheduling", "s", "schedule_seconds"}},
       [](PointPlan&) {}});
}

void set_defaults(LaunchOptions& options, const Sizing& sizing) {
  set_fixed_sizes(options, sizing, {256, 512, 512}, {8, 128, 32}, {4, 64, 16});
}

const bool registered = experiment_registry().add(
    "throughput", "tokens a second of prefill, decode and the whole",
    Experiment{"throughput", "How many tokens a second?", {"tp"}, run, set_defaults, "2.1"});

}  // namespace
}  // namespace tpscale
