#include "bench/trial/measure_point.h"

#include <algorithm>
#include <iterator>

#include "bench/trial/agreement.h"
#include "bench/trial/figures.h"
#include "bench/trial/instrumented_trial.h"
#include "bench/trial/isolated_collective.h"
#include "bench/trial/memory_account.h"
#include "bench/trial/model_session.h"
#include "bench/trial/plausibility.h"
#include "bench/trial/repetition_control.h"
#include "bench/trial/virtual_device.h"
#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::int64_t kIsolatedRepetitions = 10;
constexpr int kProbesAgain = 4;  // on a busy machine a probe sees less than the device can do

using Kind = StageClock::Kind;

/// The measuring of one point by one rank of its group.
class PointMeasurement {
 public:
  PointMeasurement(Launch& launch, const PointPlan& plan, RankGroup& group,
                   std::optional<BaseReference>& base)
      : launch_(launch), plan_(plan), group_(group), base_(base) {
    facts_.degree = plan.degree;
    facts_.oversubscribed = group.oversubscribed();
    facts_.virtual_device = is_virtual(group.backend());
    facts_.input_tokens = plan.workload->input_tokens;
  }

  /// Fills in everything but identity and provenance. Errors are agreed on by the group.
  void run(Point& point) {
    if (plan_.before_session) facts_.memory = plan_.before_session(launch_, group_);
    session_ = open_session(launch_, group_, launch_.options.engine, requests(), point);
    if (session_) in_concert(launch_.world, [&] { measure(point); });
  }

 private:
  const std::vector<Request>& requests() const { return plan_.workload->requests; }
  Engine& engine() { return session_->engine(); }
  bool root() const { return launch_.root(); }
  Dtype dtype() const { return compute_dtype(launch_.source.config(), launch_.options.engine); }

  void measure(Point& point) {
    repeat(point);
    launch_.stages.time("instrumented", Kind::kMeasuring, [&] { instrument(); });
    launch_.stages.time("isolated", Kind::kMeasuring, [&] { isolate(); });
    launch_.stages.time("probe", Kind::kMeasuring, [&] { probe(); });
    launch_.stages.time("verify", Kind::kMeasuring, [&] { verify(point); });
    if (root()) describe(point);
  }

  void repeat(Point& point) {
    RepetitionControl control(launch_);
    RunDelayGauge gauge(facts_.oversubscribed);
    DeviceWatch watch(group_.backend());
    const TrialSetting setting{group_.backend(),
                               group_.comm(),
                               requests(),
                               gauge,
                               watch,
                               [&](double seconds) { return control.after(seconds); },
                               launch_.options.run.inject_bug,
                               0,  // one arm has no order
                               plan_.quantities};
    const Arm only{"", &engine()};
    group_.backend().memory().reset_peak();
    launch_.stages.time("timed", Kind::kMeasuring,
                        [&] { facts_.timed = run_timed_trials(setting, std::span(&only, 1)).front(); });
    if (facts_.timed.interrupted) throw_interrupted();
    control.describe(point);
    for (Samples& series : watch.samples()) point.samples.push_back(std::move(series));
    for (Samples& account :
         account_memory(group_.backend(), group_.comm(), group_.communication_bytes(), session_->sizes()))
      facts_.memory.push_back(std::move(account));
    facts_.cost = run_cost(launch_.source.config(), dtype(), plan_.degree, facts_.timed.last);
  }

  void instrument() {
    const std::int64_t repetitions = launch_.options.run.instrumented_repetitions;
    facts_.instrumented =
        run_instrumented_trial(engine(), group_.backend(), group_.comm(), requests(), repetitions, [&] {
          launch_.progress.done();
          return !launch_.interrupt.requested();
        });
    const bool stop = told_by_root(group_.comm(), root() && launch_.interrupt.requested() ? 1 : 0) != 0;
    if (stop) throw_interrupted();
  }

  void isolate() {
    if (plan_.degree == 1) return;
    const auto message = [&](std::int64_t tokens) {
      return static_cast<std::size_t>(tokens * launch_.source.config().hidden_size) * size_of(dtype());
    };
    const std::size_t decode = message(std::max<std::int64_t>(facts_.cost.largest_decode_step, 1));
    const std::size_t prefill = message(facts_.cost.largest_prefill_step);
    for (const std::size_t bytes : {decode, prefill}) {
      if (bytes == prefill && !facts_.isolated.empty() && decode == prefill) continue;
      const std::int64_t calls =
          std::clamp<std::int64_t>((std::int64_t{4} << 20) / static_cast<std::int64_t>(bytes), 2, 20);
      facts_.isolated.push_back(
          time_all_reduce(group_.backend(), group_.comm(), dtype(), bytes, kIsolatedRepetitions, calls));
    }
  }

  void probe() {
    const double seconds = facts_.virtual_device ? 0.0 : launch_.options.run.probe_seconds;
    // Equal on all ranks: the shards of a plan are of one size, and a cache's key must not differ between
    // ranks.
    const auto bytes = static_cast<std::size_t>(
        told_by_root(group_.comm(), static_cast<std::int64_t>(group_.backend().memory().use().by_kind[0])));
    facts_.peaks = launch_.peaks.get(group_.backend(), group_.comm(), dtype(), bytes, seconds);
    for (int again = 0; again < kProbesAgain && !judge_plausibility(facts_).passed; ++again) {
      facts_.peaks = launch_.peaks.again(group_.backend(), group_.comm(), dtype(), bytes, seconds);
    }
  }

  void verify(Point& point) {
    if (launch_.text) facts_.text = judge_text(engine(), *launch_.text);
    // The first degree that could be measured is the base; only rank 0 knows whether there is one yet.
    const bool is_base = told_by_root(group_.comm(), base_ ? 0 : 1) != 0;
    if (!is_base) inject_token_bug();
    if (is_base) {
      const BaseReference reference = score_as_base(engine(), requests(), facts_.timed.last, plan_.degree);
      point.arrays = {reference.tokens, *reference.margin, *reference.logit};
      base_ = reference;
      point.verdicts.push_back({"token equality with the base", true, "L0", "this point is the base"});
    } else {
      point.arrays = {output_tokens(facts_.timed.last)};
      point.verdicts.push_back(compare_with_base(engine(), group_.comm(), requests(), facts_.timed.last,
                                                 base_ ? &*base_ : nullptr, dtype()));
    }
    point.verdicts.push_back(judge_repeatability(facts_));
    point.verdicts.push_back(judge_phases(facts_));
    point.verdicts.push_back(judge_plausibility(facts_));
  }

  void inject_token_bug() {
    if (launch_.options.run.inject_bug != "tokens") return;
    const auto vocab = static_cast<std::int32_t>(launch_.source.config().vocab_size);
    for (auto& request : facts_.timed.last.requests)
      request.tokens.front() = (request.tokens.front() + 1) % vocab;
  }

  void describe(Point& point) {
    for (auto* samples : {&facts_.timed.samples, &facts_.instrumented, &facts_.isolated, &facts_.memory}) {
      std::ranges::copy_if(*samples, std::back_inserter(point.samples), is_complete);
    }
    point.samples.push_back(peak_samples("read_bandwidth", "B/s", facts_.peaks.read_bandwidth));
    point.samples.push_back(peak_samples("gemm_rate", "FLOP/s", facts_.peaks.gemm_rate));
    point.samples.push_back(peak_samples("multiply_add_peak", "FLOP/s", facts_.peaks.multiply_add_peak));
    point.hardware.emplace_back("read_bandwidth_working_set_bytes",
                                static_cast<std::int64_t>(facts_.peaks.working_set_bytes));
    point.hardware.emplace_back("read_bandwidth", sum(facts_.peaks.read_bandwidth));
    point.hardware.emplace_back("gemm_rate", sum(facts_.peaks.gemm_rate));
    point.hardware.emplace_back("multiply_add_peak", sum(facts_.peaks.multiply_add_peak));
    point.conditions.emplace_back("prompt_tokens_computed", facts_.timed.last.prompt_tokens_computed);
    point.conditions.emplace_back("prompt_tokens_cached", facts_.timed.last.prompt_tokens_cached);
    point.conditions.emplace_back("preemptions", facts_.timed.last.preemptions);
    point.conditions.emplace_back("steps", static_cast<std::int64_t>(facts_.timed.last.steps.size()));
    add_figures(point, facts_);
    if (plan_.more_figures) plan_.more_figures(point, facts_, engine());
    const bool passed =
        std::all_of(point.verdicts.begin(), point.verdicts.end(), [](const Verdict& v) { return v.passed; });
    if (!passed) withdraw_figures(point);
  }

  Samples peak_samples(const std::string& name, const std::string& unit,
                       const std::vector<double>& values) const {
    Samples samples = rank_samples(name, unit, "steady_clock", "isolated", plan_.degree);
    samples.rows.push_back(values);
    return samples;
  }

  Launch& launch_;
  const PointPlan& plan_;
  RankGroup& group_;
  std::optional<BaseReference>& base_;
  std::unique_ptr<ModelSession> session_;
  PointFacts facts_;
};

}  // namespace

std::int64_t expected_units(const LaunchOptions& options) {
  return 1 + options.run.repetitions + options.run.instrumented_repetitions;
}

std::optional<Point> measure_point(Launch& launch, const PointPlan& plan,
                                   std::optional<BaseReference>& base) {
  return publish_point(
      launch, plan, expected_units(launch.options),
      [&](RankGroup& group, Point& point) { PointMeasurement(launch, plan, group, base).run(point); },
      [&](const Point& point) {
        if (!base) base = base_from(point, plan.degree);
      });
}

}  // namespace tpscale
