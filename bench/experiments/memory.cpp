#include "bench/experiment.h"
#include "bench/trial/base_test.h"
#include "bench/trial/memory_stages.h"

namespace tpscale {
namespace {

constexpr double kMiB = 1.0 / (1024.0 * 1024.0);

void run(Launch& launch) {
  run_base_test(
      launch,
      {"memory",
       "What a rank holds: before the model, with its weights, with its KV pool (made alone, one after the "
       "other), and in an engine that serves the workload, whose peak is reset before its runs. Counted by "
       "the "
       "suite's own allocator, with the device's own view beside it; sizes are predicted from the model's "
       "shape.",
       {{"tp", "", "tp"},
        {"before", "MiB", "memory_before_model", kMiB},
        {"weights", "MiB", "memory_weights", kMiB},
        {"off", "%", "memory_weights_difference"},
        {"KV cache", "MiB", "memory_kv_cache", kMiB},
        {"off", "%", "memory_kv_cache_difference"},
        {"activations", "MiB", "memory_activations", kMiB},
        {"off", "%", "memory_activations_difference"},
        {"other", "MiB", "memory_other", kMiB},
        {"communication", "MiB", "memory_communication", kMiB},
        {"peak", "MiB", "memory_peak", kMiB},
        {"device's view", "MiB", "memory_device_view", kMiB}},
       [](PointPlan& plan) {
         plan.before_session = [workload = plan.workload](Launch& of, RankGroup& group) {
           return measure_memory_stages(of, group, workload->requests);
         };
         plan.more_figures = [](Point& point, const PointFacts& facts, Engine&) {
           point.verdicts.push_back(judge_memory_sizes(facts));
           point.verdicts.push_back(judge_memory_peak(facts));
           add_memory_stage_figures(point, facts);
         };
       }});
}

void set_defaults(LaunchOptions& options, const Sizing& sizing) {
  set_fixed_sizes(options, sizing, {256, 512, 512}, {8, 128, 32}, {4, 64, 16});
  options.run.repetitions = 3;  // bytes do not vary
  options.run.instrumented_repetitions = 0;
}

const bool registered = experiment_registry().add(
    "memory", "bytes of a rank by purpose, beside their predicted sizes",
    Experiment{"memory", "Where does a rank's memory go?", {"tp"}, run, set_defaults, "2.3"});

}  // namespace
}  // namespace tpscale
