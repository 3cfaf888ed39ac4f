#include "bench/trial/comparison.h"

#include <algorithm>

#include "bench/print/number.h"
#include "bench/statistics/counted_repetitions.h"
#include "bench/statistics/marks.h"
#include "bench/trial/agreement.h"
#include "bench/trial/figures.h"
#include "bench/trial/memory_account.h"
#include "bench/trial/memory_figures.h"
#include "bench/trial/plausibility.h"
#include "bench/trial/repetition_control.h"
#include "bench/trial/token_equality.h"
#include "core/error.h"

namespace tpscale {
namespace {

using Kind = StageClock::Kind;

/// The measuring of one comparison by one rank of its group.
class ComparisonMeasurement {
 public:
  ComparisonMeasurement(Launch& launch, const Comparison& comparison, RankGroup& group)
      : launch_(launch), comparison_(comparison), group_(group) {}

  void run(Point& point) {
    session_ = open_session(launch_, group_, comparison_.engine, requests(), point);
    if (session_) in_concert(launch_.world, [&] { measure(point); });
  }

 private:
  const std::vector<Request>& requests() const { return comparison_.plan.workload->requests; }
  Dtype dtype() const {
    return compute_dtype(launch_.source.config(), comparison_.engine, launch_.setup.backend);
  }

  void measure(Point& point) {
    std::vector<Arm> arms;
    try {
      arms = comparison_.arms(session_->engine());
    } catch (const NotAvailableError& error) {
      point.status = "not_available";
      point.status_reason = error.what();
      return;
    }
    repeat(point, arms);
    launch_.stages.time("verify", Kind::kMeasuring, [&] { verify(point, arms); });
    if (launch_.root()) describe(point);
  }

  void repeat(Point& point, std::span<const Arm> arms) {
    const bool oversubscribed = group_.oversubscribed();
    RepetitionControl control(launch_);
    RunDelayGauge gauge(oversubscribed);
    DeviceWatch watch(group_.backend());
    const TrialSetting setting{group_.backend(),
                               group_.comm(),
                               requests(),
                               gauge,
                               watch,
                               [&](double seconds) { return control.after(seconds); },
                               launch_.options.run.inject_bug,
                               static_cast<std::uint64_t>(launch_.options.workload.seed),
                               comparison_.quantities};
    session_->engine().warm_up();
    group_.backend().memory().reset_peak();
    std::vector<TimedTrial> trials;
    launch_.stages.time("timed", Kind::kMeasuring, [&] { trials = run_timed_trials(setting, arms); });
    if (trials.front().interrupted) throw_interrupted();
    control.describe(point);
    for (Samples& series : watch.samples()) point.samples.push_back(std::move(series));
    const auto memory =
        account_memory(group_.backend(), group_.comm(), group_.communication_bytes(), session_->sizes());
    for (std::size_t i = 0; i < arms.size(); ++i) {
      PointFacts& facts = facts_.emplace_back();
      facts.degree = comparison_.plan.degree;
      facts.arm = arms[i].name;
      facts.oversubscribed = oversubscribed;
      facts.input_tokens = comparison_.plan.workload->input_tokens;
      facts.timed = std::move(trials[i]);
      facts.memory = memory;
      facts.cost = run_cost(launch_.source.config(), dtype(), facts.degree, facts.timed.last);
    }
  }

  void verify(Point& point, std::span<const Arm> arms) {
    inject_token_bug();
    const RunResult& base = facts_.front().timed.last;
    point.arrays = {output_tokens(base)};
    for (PointFacts& facts : facts_) {
      if (&facts != &facts_.front()) point.verdicts.push_back(same_tokens_as(base, arms.front(), facts));
      point.verdicts.push_back(of_arm(judge_repeatability(facts), facts.arm));
      point.verdicts.push_back(of_arm(judge_phases(facts), facts.arm));
    }
  }

  Verdict same_tokens_as(const RunResult& base, const Arm& base_arm, const PointFacts& facts) {
    base_arm.set_up();
    const auto reference = score_as_base(*base_arm.engine, requests(), base, facts.degree);
    Verdict verdict = compare_with_base(*base_arm.engine, group_.comm(), requests(), facts.timed.last,
                                        group_.comm().rank() == 0 ? &reference : nullptr, dtype());
    verdict.name = "token equality of " + facts.arm + " and " + base_arm.name;
    return verdict;
  }

  static Verdict of_arm(Verdict verdict, const std::string& arm) {
    verdict.name += ", " + arm;
    return verdict;
  }

  void inject_token_bug() {
    if (launch_.options.run.inject_bug != "tokens") return;
    std::int32_t& token = facts_.back().timed.last.requests.front().tokens.front();
    token = (token + 1) % static_cast<std::int32_t>(launch_.source.config().vocab_size);
  }

  void describe(Point& point) {
    for (const PointFacts& facts : facts_) {
      point.samples.insert(point.samples.end(), facts.timed.samples.begin(), facts.timed.samples.end());
      add_timed_figures(point, facts);
    }
    point.samples.insert(point.samples.end(), facts_.front().memory.begin(), facts_.front().memory.end());
    add_memory_figures(point, facts_.front());
    comparison_.compare(point, facts_, session_->engine());
    if (!std::ranges::all_of(point.verdicts, &Verdict::passed)) withdraw_figures(point);
  }

  Launch& launch_;
  const Comparison& comparison_;
  RankGroup& group_;
  std::unique_ptr<ModelSession> session_;
  std::vector<PointFacts> facts_;  ///< of the arms
};

}  // namespace

std::optional<Point> measure_comparison(Launch& launch, const Comparison& comparison) {
  return publish_point(
      launch, comparison.plan, 1 + launch.options.run.repetitions,
      [&](RankGroup& group, Point& point) { ComparisonMeasurement(launch, comparison, group).run(point); });
}

Interval paired_ratio(const PointFacts& other, const PointFacts& base, const std::string& quantity) {
  const Samples& of_other = samples_named(other.timed.samples, name_of_arm(quantity, other.arm));
  const Samples& of_base = samples_named(base.timed.samples, name_of_arm(quantity, base.arm));
  std::vector<std::size_t> rows;
  std::ranges::set_intersection(counted_rows(of_other), counted_rows(of_base), std::back_inserter(rows));
  if (rows.empty()) rows = counted_rows(of_other);
  std::vector<double> others, bases;
  for (const std::size_t row : rows) {
    others.push_back(std::ranges::max(of_other.rows[row]));
    bases.push_back(std::ranges::max(of_base.rows[row]));
  }
  return bootstrap_paired_ratio(others, bases);
}

Metric ratio_metric(const std::string& name, const std::string& unit, const Interval& ratio, double scale,
                    double offset, const PointFacts& facts, const std::string& how) {
  Metric metric;
  metric.name = name;
  metric.unit = unit;
  metric.value = scale * ratio.value + offset;
  metric.low = std::min(scale * ratio.low, scale * ratio.high) + offset;
  metric.high = std::max(scale * ratio.low, scale * ratio.high) + offset;
  metric.method = ratio.method;
  metric.samples = static_cast<std::int64_t>(counted_rows(facts.timed.samples.front()).size());
  metric.how_obtained = how + " = " + short_number(metric.value) + " " + unit;
  if (facts.oversubscribed) metric.marks.push_back("oversubscribed");
  if (metric.samples < static_cast<std::int64_t>(kFewRepetitions)) metric.marks.push_back("few repetitions");
  return metric;
}

}  // namespace tpscale
