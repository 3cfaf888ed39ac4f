#include <algorithm>
#include <array>

#include "bench/experiment.h"
#include "bench/print/number.h"
#include "bench/statistics/counted_repetitions.h"
#include "bench/statistics/summary.h"
#include "bench/trial/comparison.h"
#include "bench/trial/identity.h"

namespace tpscale {
namespace {

constexpr std::array<std::int64_t, 6> kBatchSizes{1, 2, 4, 8, 16, 32};

const char* const kMethod =
    "Decode steps with graphs off (each kernel enqueued by the host) and on (one recorded step replayed), on "
    "one engine "
    "and the same requests, a batch size a point. A repetition serves all requests with either arm, in an "
    "order drawn anew; "
    "a step is timed by the host's steady clock until its tokens are known, its enqueueing until the last "
    "launch returned. "
    "The gain is predicted from the arms' parts: without graphs a step takes no less than its enqueueing, "
    "and the device no "
    "less than the replayed step.";

double mean_of_decode_steps(const RunResult& result, double (*seconds)(const StepRecord&)) {
  double sum = 0.0;
  std::int64_t steps = 0;
  for (const StepRecord& step : result.steps) {
    if (step.prefill_tokens > 0) continue;
    sum += seconds(step);
    ++steps;
  }
  return steps == 0 ? 0.0 : sum / static_cast<double>(steps);
}

std::vector<Quantity> step_quantities() {
  return {{"enqueue_seconds", "s",
           [](const RunResult& result) {
             return mean_of_decode_steps(result, [](const StepRecord& step) { return step.enqueue_seconds; });
           }},
          {"decode_step_seconds", "s", [](const RunResult& result) {
             return mean_of_decode_steps(result, [](const StepRecord& step) { return step.forward_seconds; });
           }}};
}

void add_arm_figures(Point& point, const PointFacts& facts) {
  for (const char* name : {"enqueue_seconds", "decode_step_seconds"}) {
    Metric metric = summarize(name_of_arm(name, facts.arm), "s", timed_seconds(facts, name));
    metric.how_obtained = std::string(name) + " a decode step, mean over the steps of a run, slowest rank; " +
                          metric.how_obtained;
    point.results.push_back(std::move(metric));
  }
}

/// No less than the enqueueing without graphs, and no less than the replayed step: relative to the latter.
Interval predicted_gain(const PointFacts& off, const PointFacts& on) {
  const Samples& enqueue = samples_named(off.timed.samples, name_of_arm("enqueue_seconds", off.arm));
  const Samples& replayed = samples_named(on.timed.samples, name_of_arm("decode_step_seconds", on.arm));
  std::vector<std::size_t> rows;
  std::ranges::set_intersection(counted_rows(enqueue), counted_rows(replayed), std::back_inserter(rows));
  if (rows.empty()) rows = counted_rows(enqueue);
  std::vector<double> steps_off, steps_on;
  for (const std::size_t row : rows) {
    steps_on.push_back(std::ranges::max(replayed.rows[row]));
    steps_off.push_back(std::max(std::ranges::max(enqueue.rows[row]), steps_on.back()));
  }
  return bootstrap_paired_ratio(steps_off, steps_on);
}

/// Whether the arms were what their names say.
Verdict judge_replay(const PointFacts& off, const PointFacts& on) {
  const auto replayed = [](const PointFacts& facts) {
    return std::ranges::count_if(facts.timed.last.steps, &StepRecord::graph);
  };
  const auto decode_steps = std::ranges::count_if(
      on.timed.last.steps, [](const StepRecord& step) { return step.prefill_tokens == 0; });
  return {"decode steps were replayed", replayed(on) == decode_steps && replayed(off) == 0, "",
          std::to_string(replayed(on)) + " of " + std::to_string(decode_steps) +
              " decode steps with graphs on and " + std::to_string(replayed(off)) +
              " with graphs off came from a graph"};
}

void compare(Point& point, std::span<const PointFacts> arms, Engine& engine) {
  const PointFacts& off = arms[0];
  const PointFacts& on = arms[1];
  point.verdicts.push_back(judge_replay(off, on));
  for (const PointFacts& facts : arms) add_arm_figures(point, facts);
  point.results.push_back(
      ratio_metric("cpu_overhead_reduction", "%", paired_ratio(on, off, "enqueue_seconds"), -100.0, 100.0, on,
                   "(off - on) / off x 100 of the host seconds that enqueueing a step takes"));
  point.results.push_back(ratio_metric("throughput_improvement", "%", paired_ratio(off, on, "decode_seconds"),
                                       100.0, -100.0, on, "(on - off) / off x 100 of the decode throughput"));
  point.results.push_back(ratio_metric("predicted_improvement", "%", predicted_gain(off, on), 100.0, -100.0,
                                       on, "(max(enqueueing off, step on) - step on) / step on x 100"));
  const GraphFacts& facts = engine.graph_facts();
  std::int64_t nodes = 0;
  for (const GraphBucket& bucket : facts.buckets) nodes = std::max(nodes, bucket.nodes);
  const std::string of_all =
      " of all " + std::to_string(facts.buckets.size()) + " batch buckets of the engine";
  point.results.push_back(single_metric("capture_seconds", "s", facts.capture_seconds,
                                        "recording and instantiating the graphs" + of_all));
  point.results.push_back(
      single_metric("graph_memory", "B", static_cast<double>(facts.memory_bytes),
                    "what the device's view of its memory grew by with the graphs" + of_all));
  point.results.push_back(
      single_metric("graph_nodes", "1", static_cast<double>(nodes), "operations of the largest graph"));
}

Comparison comparison_of(const Launch& launch, int degree, std::int64_t batch_size) {
  WorkloadOptions workload = launch.options.workload;
  workload.num_sequences = batch_size;
  Comparison comparison;
  comparison.plan.experiment = "cuda-graph";
  comparison.plan.method = kMethod;
  comparison.plan.degree = degree;
  comparison.plan.workload =
      std::make_shared<const Workload>(make_workload(workload, launch.source.config().vocab_size));
  comparison.plan.parameters = identity(launch, "cuda-graph", *comparison.plan.workload, degree);
  comparison.plan.parameters.emplace_back("batch_size", batch_size);
  comparison.engine = launch.options.engine;
  comparison.engine.cuda_graphs = "auto";  // both arms need an engine that has them
  comparison.quantities = step_quantities();
  comparison.arms = [](ModelSession& session) {
    Engine& engine = session.engine();
    engine.use_graphs(true);
    return std::vector<Arm>{{"off", &engine, [&engine] { engine.use_graphs(false); }},
                            {"on", &engine, [&engine] { engine.use_graphs(true); }}};
  };
  comparison.compare = compare;
  return comparison;
}

void run(Launch& launch) {
  static const std::array<ComparisonColumn, 9> kColumns{{{"tp", "", "tp"},
                                                         {"batch", "sequences", "batch_size"},
                                                         {"enqueue off", "us", "enqueue_seconds_off", 1e6},
                                                         {"on", "us", "enqueue_seconds_on", 1e6},
                                                         {"less host", "%", "cpu_overhead_reduction"},
                                                         {"step off", "us", "decode_step_seconds_off", 1e6},
                                                         {"on", "us", "decode_step_seconds_on", 1e6},
                                                         {"throughput", "% more", "throughput_improvement"},
                                                         {"predicted", "% more", "predicted_improvement"}}};
  run_comparisons(
      launch, "cuda-graph",
      [&] {
        std::vector<std::int64_t> batch_sizes = launch.options.run.batch_size;
        if (batch_sizes.empty()) batch_sizes.assign(kBatchSizes.begin(), kBatchSizes.end());
        std::vector<Comparison> comparisons;
        for (const std::int64_t degree : launch.options.run.tp) {
          for (const std::int64_t batch_size : batch_sizes)
            comparisons.push_back(comparison_of(launch, static_cast<int>(degree), batch_size));
        }
        return comparisons;
      },
      kColumns);
}

const bool registered = experiment_registry().add(
    "cuda-graph", "decode steps replayed from a graph instead of launched one by one: what it saves",
    Experiment{"cuda-graph", "What do recorded decode steps save?", {"batch-size", "tp"}, run, {}, "3.3"});

}  // namespace
}  // namespace tpscale
