#include <array>

#include "bench/experiment.h"
#include "bench/print/number.h"
#include "bench/print/table.h"
#include "bench/trial/agreement.h"
#include "bench/trial/dry_run.h"
#include "bench/trial/figures.h"
#include "bench/trial/identity.h"
#include "bench/trial/memory_account.h"
#include "bench/trial/plausibility.h"
#include "bench/trial/point_frame.h"
#include "bench/trial/repetition_control.h"
#include "bench/trial/scaling.h"
#include "bench/trial/token_equality.h"
#include "bench/trial/verdict_lines.h"
#include "comm/single_rank.h"
#include "core/error.h"
#include "engine/replay.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

const char* const kMethod =
    "The first of N tensor-parallel shards serves the requests on one device, its messages left out: the "
    "computing part of a "
    "step at degree N, where there is only one device. Its tokens mean nothing and are held against nothing. "
    "A repetition is "
    "timed by the host's steady clock after a device synchronise, after one warm-up.";

/// The measuring of one shard.
class ShardMeasurement {
 public:
  ShardMeasurement(Launch& launch, const PointPlan& plan, RankGroup& group)
      : launch_(launch),
        plan_(plan),
        group_(group),
        requests_(fold_into_shard(plan.workload->requests,
                                  plan_shard(launch.source.config(), plan.shard_of, 0),
                                  launch.source.config().vocab_size)) {}

  void run(Point& point) {
    const auto session = open_session(launch_, group_, launch_.options.engine, requests_, point);
    if (!session) return;
    repeat(point, *session);
    const Dtype dtype = compute_dtype(launch_.source.config(), launch_.options.engine);
    facts_.cost = run_cost(launch_.source.config(), dtype, plan_.shard_of, facts_.timed.last);
    facts_.cost.prefill_flops.resize(1);  // of the shard that ran
    facts_.cost.decode_bytes.resize(1);
    note_left_out(point, size_of(dtype));
    launch_.stages.time("probe", StageClock::Kind::kMeasuring, [&] {
      facts_.peaks =
          launch_.peaks.get(group_.backend(), alone_, dtype, group_.backend().memory().use().by_kind[0],
                            launch_.options.run.probe_seconds);
    });
    describe(point);
  }

 private:
  void repeat(Point& point, ModelSession& session) {
    RepetitionControl control(launch_);
    facts_.oversubscribed = group_.oversubscribed();
    facts_.input_tokens = plan_.workload->input_tokens;
    RunDelayGauge gauge(facts_.oversubscribed);
    DeviceWatch watch(group_.backend());
    const TrialSetting setting{group_.backend(),
                               alone_,
                               requests_,
                               gauge,
                               watch,
                               [&](double seconds) { return control.after(seconds); },
                               launch_.options.run.inject_bug};
    const Arm only{"", &session.engine()};
    group_.backend().memory().reset_peak();
    launch_.stages.time("timed", StageClock::Kind::kMeasuring,
                        [&] { facts_.timed = run_timed_trials(setting, std::span(&only, 1)).front(); });
    if (facts_.timed.interrupted) throw_interrupted();
    control.describe(point);
    for (Samples& series : watch.samples()) point.samples.push_back(std::move(series));
    facts_.memory = account_memory(group_.backend(), alone_, group_.communication_bytes(), session.sizes());
  }

  /// What a true step would send besides: for a model of the all-reduce to be added to the computing.
  void note_left_out(Point& point, std::size_t element_bytes) const {
    const ModelConfig& config = launch_.source.config();
    const auto message = [&](std::int64_t tokens) {
      return tokens * config.hidden_size * static_cast<std::int64_t>(element_bytes);
    };
    std::int64_t decode_steps = 0;
    for (const StepRecord& step : facts_.timed.last.steps) decode_steps += step.prefill_tokens == 0 ? 1 : 0;
    const std::int64_t all_reduces =
        plan_.shard_of == 1 ? 0 : config.all_reduces_a_layer() * config.num_layers + 1;
    point.conditions.emplace_back("left_out_all_reduces_per_step", all_reduces);
    point.conditions.emplace_back("left_out_decode_message_bytes", message(facts_.cost.largest_decode_step));
    point.conditions.emplace_back("left_out_prefill_message_bytes",
                                  message(facts_.cost.largest_prefill_step));
    point.conditions.emplace_back("decode_steps", decode_steps);
    point.conditions.emplace_back("prefill_steps",
                                  static_cast<std::int64_t>(facts_.timed.last.steps.size()) - decode_steps);
  }

  void describe(Point& point) {
    point.marks.emplace_back("shard replay");
    point.verdicts = {judge_repeatability(facts_), judge_phases(facts_), judge_plausibility(facts_)};
    for (const auto* samples : {&facts_.timed.samples, &facts_.memory})
      point.samples.insert(point.samples.end(), samples->begin(), samples->end());
    point.arrays = {output_tokens(facts_.timed.last)};
    add_figures(point, facts_);
    if (launch_.text)
      point.absent.push_back({"perplexity", "one shard of a model, its messages left out, predicts nothing"});
    if (!all_passed(std::span(&point, 1))) withdraw_figures(point);
  }

  Launch& launch_;
  const PointPlan& plan_;
  RankGroup& group_;
  std::vector<Request> requests_;  ///< whose tokens this shard has the embeddings of
  SingleRank alone_;
  PointFacts facts_;
};

std::vector<PointPlan> plan_points(const Launch& launch) {
  std::vector<std::int64_t> shards = launch.options.run.shard_of;
  const bool given = !shards.empty();
  if (!given) shards = {1, 2, 4, 8};
  std::vector<PointPlan> plans;
  for (const std::int64_t shard_of : shards) {
    try {
      require_shardable(launch.source.config(), static_cast<int>(shard_of));
    } catch (const UsageError&) {
      if (given) throw;
      continue;
    }
    PointPlan plan;
    plan.experiment = "shard-replay";
    plan.method = kMethod;
    plan.shard_of = static_cast<int>(shard_of);
    plan.workload = std::make_shared<const Workload>(
        make_workload(launch.options.workload, launch.source.config().vocab_size));
    plan.parameters = identity(launch, plan.experiment, *plan.workload, plan.degree);
    plan.parameters.emplace_back("shard_of", shard_of);
    plans.push_back(std::move(plan));
  }
  return plans;
}

std::string table_of(std::span<const Point> points) {
  Table table({{"shard", "of"},
               {"prefill", "token/s"},
               {"decode", "token/s"},
               {"decode MBU", "%"},
               {"prefill MFU", "%"},
               {"weights", "MiB"}});
  constexpr double kMiB = 1.0 / (1024.0 * 1024.0);
  for (const Point& point : points) {
    const auto cell = [&](const char* name, double scale) {
      for (const Metric& metric : point.results) {
        if (metric.name == name) return short_number(metric.value * scale);
      }
      return std::string("-");
    };
    std::string shard_of = "?";
    for (const auto& [name, value] : point.parameters) {
      if (name == "shard_of") shard_of = std::to_string(std::get<std::int64_t>(value));
    }
    table.add_row({shard_of, cell("prefill_throughput", 1.0), cell("decode_throughput", 1.0),
                   cell("decode_mbu", 100.0), cell("prefill_mfu", 100.0), cell("memory_weights", kMiB)});
  }
  return "shard-replay: one shard alone, all-reduces left out; no figure of a group\n\n" + table.text() +
         "\n" + verdict_lines(points);
}

void run(Launch& launch) {
  std::vector<PointPlan> plans;
  together(launch.world, [&] { plans = plan_points(launch); });
  if (launch.options.run.dry_run) return print_dry_run(launch, plans);
  ExperimentReport report;
  report.name = "shard-replay";
  const std::int64_t units = 1 + launch.options.run.repetitions;
  launch.progress.start(static_cast<std::int64_t>(plans.size()) * units);
  for (const PointPlan& plan : plans) {
    auto point = publish_point(launch, plan, units, [&](RankGroup& group, Point& measured) {
      ShardMeasurement(launch, plan, group).run(measured);
    });
    if (point) report.points.push_back(std::move(*point));
  }
  if (launch.root()) {
    report.verdicts_passed = all_passed(report.points);
    report.table = table_of(report.points);
  }
  launch.progress.clear();
  launch.reports.push_back(std::move(report));
}

const bool registered = experiment_registry().add(
    "shard-replay",
    "one of N shards alone on a device, its messages left out: the computing of a step at degree N",
    Experiment{"shard-replay",
               "How long does the computing of a tensor-parallel step take?",
               {"shard-of"},
               run,
               set_scaling_defaults,
               "4.4"});

}  // namespace
}  // namespace tpscale
