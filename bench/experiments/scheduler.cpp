#include <algorithm>
#include <array>
#include <cmath>

#include "bench/experiment.h"
#include "bench/print/number.h"
#include "bench/trial/agreement.h"
#include "bench/trial/comparison.h"
#include "bench/trial/identity.h"
#include "bench/trial/latency_quantities.h"
#include "bench/trial/model_session.h"
#include "bench/workload/arrivals.h"
#include "core/error.h"
#include "engine/plan_run.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

const char* const kMethod =
    "The same requests under two schedulers on one engine: separated (a step is prefill or decode, waiting "
    "prompts first) and mixed (decodes first, prefill chunks fill the step). A repetition serves all "
    "requests "
    "with either, in an order drawn anew, from empty caches. A mixed step's seconds are split between "
    "prefill "
    "and decode by model FLOPs. With a load, requests arrive at random times: so many a second as that share "
    "of what this engine served of them offline, in one run of the separated scheduler before the timed "
    "ones.";

constexpr const char* kSplit = "split by FLOPs";

/// How the requests of a point come, and into how much memory.
struct Condition {
  std::int64_t load_per_cent = 0;  ///< 0: all at once, or as the workload says
  bool small_pool = false;
};

double preemptions_of(const RunResult& result) {
  return static_cast<double>(result.preemptions);
}

std::vector<Quantity> quantities(const Slo& slo) {
  std::vector<Quantity> all = latency_quantities(slo);
  all.push_back({"preemptions", "1", preemptions_of});
  all.push_back({"recomputed_tokens", "token",
                 [](const RunResult& result) { return static_cast<double>(result.recomputed_tokens); }});
  return all;
}

/// The largest pool in steps of a tenth of what the requests need at most in which both schedulers preempt.
std::int64_t pool_that_preempts(const Launch& launch, const EngineOptions& options, const Workload& workload,
                                int degree) {
  const ModelConfig& config = launch.source.config();
  const ModelShard shard = plan_shard(config, degree, 0);
  const std::int64_t enough = plan_sizes(config, shard, options, workload.requests).num_kv_blocks;
  for (int tenths = 9; tenths > 0; --tenths) {
    EngineOptions small = options;
    small.num_kv_blocks = enough * tenths / 10;
    bool preempts = small.num_kv_blocks > 0;
    try {
      for (const char* scheduler : {"separated", "mixed"}) {
        small.scheduler = scheduler;
        const EngineSizes sizes = plan_sizes(config, shard, small, workload.requests);
        preempts = preempts && plan_run(config, small, sizes, workload.requests).preemptions > 0;
      }
    } catch (const UsageError&) {
      return 0;  // it no longer holds the longest request
    }
    if (preempts) return small.num_kv_blocks;
  }
  return 0;
}

/// One run offline says what the engine can serve.
std::vector<Request> arriving(Launch& launch, RankGroup& group, std::span<const Arm> arms, Point& point,
                              std::vector<Request> requests, std::int64_t load_per_cent) {
  const Arm& base = arms.front();
  base.set_up();
  base.engine->flush_prefix_cache();
  base.engine->run(requests);  // warm
  base.engine->flush_prefix_cache();
  group.comm().barrier();
  const double wall = base.engine->run(requests).wall_seconds;
  const auto offline_ns = told_by_root(group.comm(), static_cast<std::int64_t>(std::llround(wall * 1e9)));
  const double served = static_cast<double>(requests.size()) / (static_cast<double>(offline_ns) * 1e-9);
  const double rate = served * static_cast<double>(load_per_cent) / 100.0;
  const WorkloadOptions& workload = launch.options.workload;
  set_arrivals(requests, rate, workload.burstiness, workload.seed);
  point.conditions.emplace_back("offline_requests_per_second", served);
  point.conditions.emplace_back("arrival_rate", rate);
  return requests;
}

void mark_split(Point& point, const std::string& arm) {
  for (const char* name : {"prefill_throughput", "decode_throughput", "prefill_seconds", "decode_seconds"}) {
    for (Metric& metric : point.results) {
      if (metric.name == name_of_arm(name, arm)) metric.marks.emplace_back(kSplit);
    }
  }
}

/// Whether the arm was what its name says, and computed every prompt token once.
Verdict judge_steps(const PointFacts& facts, bool may_mix) {
  const RunResult& result = facts.timed.last;
  const auto both = std::ranges::count_if(
      result.steps, [](const StepRecord& step) { return step.prefill_tokens > 0 && step.decode_tokens > 0; });
  const std::int64_t prompt = result.prompt_tokens_computed + result.prompt_tokens_cached;
  return {"steps as the scheduler's name says, " + facts.arm,
          (may_mix || both == 0) && prompt == facts.input_tokens, "",
          std::to_string(both) + " of " + std::to_string(result.steps.size()) +
              " steps held prefill and decode; " + std::to_string(prompt) +
              " prompt tokens computed or found of " + std::to_string(facts.input_tokens)};
}

void compare(Point& point, std::span<const PointFacts> arms, const Slo& slo, const Condition& condition) {
  const PointFacts& separated = arms[0];
  const PointFacts& mixed = arms[1];
  for (const PointFacts& facts : arms) {
    add_latency_figures(point, facts, slo);
    add_quantity_figure(point, facts, "preemptions", "sequences that lost their blocks in a run");
    add_quantity_figure(point, facts, "recomputed_tokens", "tokens computed again after a preemption");
  }
  mark_split(point, mixed.arm);
  point.verdicts.push_back(judge_steps(separated, false));
  point.verdicts.push_back(judge_steps(mixed, true));
  point.results.push_back(ratio_metric(
      "improvement_vs_mixed", "%", paired_ratio(separated, mixed, "wall_seconds"), -100.0, 100.0, mixed,
      std::string("(mixed - separated) / mixed x 100 of the wall seconds") +
          (condition.load_per_cent > 0 ? ", which hold the waiting for arrivals" : "")));
  if (!condition.small_pool) return;
  const bool both =
      std::ranges::all_of(arms, [](const PointFacts& facts) { return facts.timed.last.preemptions > 0; });
  point.verdicts.push_back({"the small pool preempts", both, "",
                            std::to_string(separated.timed.last.preemptions) + " preemptions separated, " +
                                std::to_string(mixed.timed.last.preemptions) + " mixed"});
}

Comparison comparison_of(const Launch& launch, int degree, const Condition& condition,
                         const std::shared_ptr<const Workload>& workload, const Slo& slo) {
  Comparison comparison;
  comparison.plan.experiment = "scheduler";
  comparison.plan.method = kMethod;
  comparison.plan.degree = degree;
  comparison.plan.workload = workload;
  comparison.plan.parameters = identity(launch, "scheduler", *workload, degree);
  comparison.plan.parameters.emplace_back("load_per_cent", condition.load_per_cent);
  comparison.plan.parameters.emplace_back("pool", std::string(condition.small_pool ? "small" : "enough"));
  comparison.engine = launch.options.engine;
  comparison.engine.scheduler = "separated";
  if (condition.small_pool)
    comparison.engine.num_kv_blocks = pool_that_preempts(launch, comparison.engine, *workload, degree);
  comparison.exact = launch.setup.backend == "cpu";
  comparison.quantities = quantities(slo);
  comparison.arms = [](ModelSession& session) {
    Engine& engine = session.engine();
    return std::vector<Arm>{{"separated", &engine, [&engine] { engine.use_scheduler("separated"); }},
                            {"mixed", &engine, [&engine] { engine.use_scheduler("mixed"); }}};
  };
  if (condition.load_per_cent > 0) {
    comparison.arrivals = [workload, load = condition.load_per_cent](
                              Launch& at, RankGroup& group, std::span<const Arm> arms, Point& point) {
      return arriving(at, group, arms, point, workload->requests, load);
    };
  }
  comparison.compare = [slo, condition](Point& point, std::span<const PointFacts> arms, Engine&) {
    compare(point, arms, slo, condition);
  };
  return comparison;
}

std::vector<Comparison> plan_points(const Launch& launch) {
  const LaunchOptions& options = launch.options;
  const Slo slo = parse_slo(options.run.slo);
  if (std::ranges::any_of(options.run.load, [](std::int64_t load) { return load < 0 || load > 1000; }))
    throw UsageError("--load takes per cent from 0 to 1000");
  const auto workload =
      std::make_shared<const Workload>(make_workload(options.workload, launch.source.config().vocab_size));
  const bool arrives =
      std::ranges::any_of(workload->requests, [](const Request& request) { return request.arrival_s > 0.0; });
  std::vector<std::int64_t> loads = options.run.load;
  if (loads.empty()) loads = {0, 70};
  if (arrives) loads = {0};  // as the workload says
  std::vector<Comparison> comparisons;
  for (const std::int64_t degree : options.run.tp) {
    const auto add = [&](const Condition& condition) {
      comparisons.push_back(comparison_of(launch, static_cast<int>(degree), condition, workload, slo));
    };
    for (const std::int64_t load : loads) add({.load_per_cent = load});
    EngineOptions engine = options.engine;
    const bool own_pool = engine.num_kv_blocks > 0;
    if (!own_pool && !arrives && pool_that_preempts(launch, engine, *workload, static_cast<int>(degree)) > 0)
      add({.small_pool = true});
  }
  return comparisons;
}

void run(Launch& launch) {
  static const std::array<ComparisonColumn, 14> kColumns{
      {{"tp", "", "tp"},
       {"load", "%", "load_per_cent"},
       {"pool", "", "pool"},
       {"separated", "token/s", "output_throughput_separated"},
       {"mixed", "token/s", "output_throughput_mixed"},
       {"improvement", "% of mixed", "improvement_vs_mixed"},
       {"TTFT p50 sep", "ms", "ttft_p50_seconds_separated", 1e3},
       {"mixed", "ms", "ttft_p50_seconds_mixed", 1e3},
       {"TPOT p50 sep", "ms", "tpot_p50_seconds_separated", 1e3},
       {"mixed", "ms", "tpot_p50_seconds_mixed", 1e3},
       {"ITL p99 sep", "ms", "itl_p99_seconds_separated", 1e3},
       {"mixed", "ms", "itl_p99_seconds_mixed", 1e3},
       {"preempted sep", "", "preemptions_separated"},
       {"mixed", "", "preemptions_mixed"}}};
  run_comparisons(
      launch, "scheduler", [&] { return plan_points(launch); }, kColumns);
}

void set_defaults(LaunchOptions& options, const Sizing& sizing) {
  const bool smoke = sizing.profile == "smoke";
  if (sizing.profile == "full") {
    options.workload.num_sequences = 256;
    options.workload.input_tokens = options.workload.output_tokens = 512;
    return;
  }
  options.workload.workload = "random-lengths";
  options.workload.min_length = sizing.cpu ? 8 : 64;
  options.workload.max_length = sizing.cpu ? (smoke ? 48 : 96) : 512;
  options.workload.num_sequences = smoke ? 12 : sizing.cpu ? 24 : 128;
  // Few tokens a step, so that prompts do not all fit into the first one and there is something to schedule.
  if (sizing.cpu) options.engine.max_num_batched_tokens = 128;
}

const bool registered = experiment_registry().add(
    "scheduler", "prefill and decode in steps of their own or mixed: throughput, latencies, preemptions",
    Experiment{"scheduler",
               "What does keeping prefill and decode apart cost or gain?",
               {"load", "tp"},
               run,
               set_defaults,
               "3.2"});

}  // namespace
}  // namespace tpscale
