#include "bench/trial/comparison.h"

#include <algorithm>
#include <cmath>

#include "bench/trial/agreement.h"
#include "bench/trial/figures.h"
#include "bench/trial/memory_account.h"
#include "bench/trial/memory_figures.h"
#include "bench/trial/plausibility.h"
#include "bench/trial/repetition_control.h"
#include "bench/trial/token_equality.h"
#include "bench/trial/virtual_device.h"
#include "core/error.h"

namespace tpscale {
namespace {

using Kind = StageClock::Kind;

constexpr int kProbesAgain = 4;  // on a busy machine a probe sees less than the device can do

/// The measuring of one comparison by one rank of its group.
class ComparisonMeasurement {
 public:
  ComparisonMeasurement(Launch& launch, const Comparison& comparison, RankGroup& group)
      : launch_(launch), comparison_(comparison), group_(group) {}

  void run(Point& point) {
    session_ = open_session(launch_, group_, comparison_.engine,
                            comparison_.session.empty() ? planned() : comparison_.session, point);
    if (session_) in_concert(launch_.world, [&] { measure(point); });
  }

 private:
  const std::vector<Request>& planned() const { return comparison_.plan.workload->requests; }
  Dtype dtype() const { return compute_dtype(launch_.source.config(), comparison_.engine); }
  const Arm& base() const { return arms_.front(); }

  void measure(Point& point) {
    try {
      arms_ = comparison_.arms(*session_);
    } catch (const NotAvailableError& error) {
      point.status = "not_available";
      point.status_reason = error.what();
      return;
    } catch (const OutOfMemoryError& error) {
      point.status = "out_of_memory";
      point.status_reason = error.what();
      return;
    }
    for (Arm& arm : arms_) {
      arm.engine->warm_up();
      arm.set_up = [&backend = group_.backend(), own = std::move(arm.set_up)] {
        own();
        backend.reset_peak();
      };
    }
    requests_ = comparison_.arrivals ? comparison_.arrivals(launch_, group_, arms_, point) : planned();
    repeat(point);
    launch_.stages.time("probe", Kind::kMeasuring, [&] { probe(); });
    launch_.stages.time("verify", Kind::kMeasuring, [&] {
      verify(point);
      if (comparison_.measure_more) comparison_.measure_more(launch_, group_, *session_, point);
    });
    if (launch_.root()) describe(point);
  }

  std::vector<Quantity> quantities() const {
    std::vector<Quantity> all = comparison_.quantities;
    all.push_back({comparison_.peak_name, "B", [&backend = group_.backend()](const RunResult&) {
                     return static_cast<double>(backend.memory().use().peak);
                   }});
    return all;
  }

  void repeat(Point& point) {
    const bool oversubscribed = group_.oversubscribed();
    RepetitionControl control(launch_);
    RunDelayGauge gauge(oversubscribed);
    DeviceWatch watch(group_.backend());
    const TrialSetting setting{group_.backend(),
                               group_.comm(),
                               requests_,
                               gauge,
                               watch,
                               [&](double seconds) { return control.after(seconds); },
                               launch_.options.run.inject_bug,
                               static_cast<std::uint64_t>(launch_.options.workload.seed),
                               quantities()};
    std::vector<TimedTrial> trials;
    launch_.stages.time("timed", Kind::kMeasuring, [&] { trials = run_timed_trials(setting, arms_); });
    if (trials.front().interrupted) throw_interrupted();
    control.describe(point);
    for (Samples& series : watch.samples()) point.samples.push_back(std::move(series));
    const auto memory =
        account_memory(group_.backend(), group_.comm(), group_.communication_bytes(), session_->sizes());
    for (std::size_t i = 0; i < arms_.size(); ++i) {
      PointFacts& facts = facts_.emplace_back();
      facts.degree = comparison_.plan.degree;
      facts.arm = arms_[i].name;
      facts.oversubscribed = oversubscribed;
      facts.virtual_device = is_virtual(group_.backend());
      facts.input_tokens = comparison_.plan.workload->input_tokens;
      facts.timed = std::move(trials[i]);
      facts.memory = memory;
      facts.cost = run_cost(launch_.source.config(), dtype(), facts.degree, facts.timed.last);
    }
    for (PointFacts& facts : facts_) facts.memory = with_peak_of_all_arms(memory);
  }

  /// The account was taken after the last run: its peak is that of one arm.
  std::vector<Samples> with_peak_of_all_arms(std::vector<Samples> memory) const {
    const auto peak = std::ranges::find(memory, "memory_peak", &Samples::name);
    for (const PointFacts& facts : facts_) {
      for (const auto& row :
           samples_named(facts.timed.samples, name_of_arm(comparison_.peak_name, facts.arm)).rows) {
        for (std::size_t rank = 0; rank < row.size(); ++rank) {
          peak->rows.front()[rank] = std::max(peak->rows.front()[rank], row[rank]);
        }
      }
    }
    return memory;
  }

  void probe() {
    const double seconds = facts_.front().virtual_device ? 0.0 : launch_.options.run.probe_seconds;
    const auto bytes = static_cast<std::size_t>(
        told_by_root(group_.comm(), static_cast<std::int64_t>(group_.backend().memory().use().by_kind[0])));
    DevicePeaks peaks = launch_.peaks.get(group_.backend(), group_.comm(), dtype(), bytes, seconds);
    for (PointFacts& facts : facts_) {
      facts.peaks = peaks;
      for (int again = 0; again < kProbesAgain && !judge_plausibility(facts).passed; ++again) {
        facts.peaks = peaks = launch_.peaks.again(group_.backend(), group_.comm(), dtype(), bytes, seconds);
      }
    }
  }

  void verify(Point& point) {
    if (launch_.text && !comparison_.different) {
      base().set_up();
      facts_.front().text = judge_text(*base().engine, *launch_.text);
    }
    inject_token_bug();
    point.arrays = {output_tokens(facts_.front().timed.last), order_of_arms()};
    for (std::size_t i = 0; i < facts_.size(); ++i) {
      if (i > 0 && !comparison_.different) point.verdicts.push_back(same_tokens_as_base(arms_[i], facts_[i]));
      point.verdicts.push_back(of_arm(judge_repeatability(facts_[i]), facts_[i].arm));
      point.verdicts.push_back(of_arm(judge_phases(facts_[i]), facts_[i].arm));
      point.verdicts.push_back(of_arm(judge_plausibility(facts_[i]), facts_[i].arm));
    }
    point.verdicts.push_back(judge_caches());
  }

  /// L0 by the tokens; where they differ, L1 on a replay of the arm, forced onto the base's tokens.
  Verdict same_tokens_as_base(const Arm& arm, const PointFacts& facts) {
    const RunResult& of_base = facts_.front().timed.last;
    const bool same = std::ranges::equal(facts.timed.last.requests, of_base.requests, {},
                                         &RequestResult::tokens, &RequestResult::tokens);
    const bool same_on_root = told_by_root(group_.comm(), same ? 1 : 0) != 0;
    if (!same_on_root && !scored_) {
      base().set_up();
      scored_ = score_as_base(*base().engine, requests_, of_base, facts.degree);
    }
    const BaseReference unscored{facts.degree, output_tokens(of_base), {}, {}};
    arm.set_up();
    Verdict verdict = compare_with_base(*arm.engine, group_.comm(), requests_, facts.timed.last,
                                        scored_ ? &*scored_ : &unscored, dtype());
    verdict.name = "token equality of " + facts.arm + " and " + base().name;
    if (comparison_.exact) {
      verdict.passed = verdict.passed && same_on_root;
      if (!verdict.passed) verdict.level.clear();
      verdict.sentence += "; asked for: L0, as the arms compute every row alike";
    } else {
      verdict.sentence += "; asked for: L0, or L1 where the numerics differ";
    }
    return verdict;
  }

  Verdict judge_caches() {
    bool empty = true;
    for (const PointFacts& facts : facts_) empty = empty && facts.timed.caches_were_empty;
    const double mine = empty ? 1.0 : 0.0;
    for (const auto& rank : gather(group_.comm(), std::span(&mine, 1))) empty = empty && rank.front() == 1.0;
    return {
        "caches were empty before every run", empty, "",
        std::string("before ") + (empty ? "every" : "some") + " run of every arm, on " +
            (empty ? "all" : "one or more") + " ranks, " +
            (empty ? "no block was in use and none could be found" : "blocks were in use or to be found")};
  }

  static Verdict of_arm(Verdict verdict, const std::string& arm) {
    verdict.name += ", " + arm;
    return verdict;
  }

  /// "arm_order": a row a repetition (the first the warm-up), the arms' numbers in the order in which they
  /// ran.
  IntegerArray order_of_arms() const {
    IntegerArray order;
    order.name = "arm_order";
    order.unit = "1";
    order.rows = static_cast<std::int64_t>(facts_.front().timed.places.size());
    order.cols = static_cast<std::int64_t>(facts_.size());
    order.values.resize(static_cast<std::size_t>(order.rows * order.cols));
    for (std::size_t arm = 0; arm < facts_.size(); ++arm) {
      for (std::size_t row = 0; row < facts_[arm].timed.places.size(); ++row) {
        const auto place = static_cast<std::size_t>(facts_[arm].timed.places[row]);
        order.values[row * facts_.size() + place] = static_cast<std::int64_t>(arm);
      }
    }
    return order;
  }

  void inject_token_bug() {
    if (launch_.options.run.inject_bug != "tokens") return;
    std::int32_t& token = facts_.back().timed.last.requests.front().tokens.front();
    token = (token + 1) % static_cast<std::int32_t>(launch_.source.config().vocab_size);
  }

  void describe(Point& point) {
    std::string names;
    for (const PointFacts& facts : facts_) {
      names += (names.empty() ? "" : ", ") + facts.arm;
      for (const Samples& series : facts.timed.samples) {
        if (is_complete(series)) point.samples.push_back(series);
      }
      add_timed_figures(point, facts);
      add_quantity_figure(
          point, facts, comparison_.peak_name,
          "largest that the suite's own allocator held during a run of the arm, whose peak is "
          "reset before each, on the rank that has most");
    }
    point.conditions.emplace_back("arms", names);
    point.samples.insert(point.samples.end(), facts_.front().memory.begin(), facts_.front().memory.end());
    add_memory_figures(point, facts_.front());
    if (facts_.front().text) add_text_figures(point, *facts_.front().text);
    comparison_.compare(point, facts_, *base().engine);
    if (!std::ranges::all_of(point.verdicts, &Verdict::passed)) withdraw_figures(point);
  }

  Launch& launch_;
  const Comparison& comparison_;
  RankGroup& group_;
  std::unique_ptr<ModelSession> session_;
  std::vector<Arm> arms_;
  std::vector<Request> requests_;
  std::vector<PointFacts> facts_;        ///< of the arms
  std::optional<BaseReference> scored_;  ///< once some arm's tokens differ
};

}  // namespace

std::optional<Point> measure_comparison(Launch& launch, const Comparison& comparison) {
  return publish_point(
      launch, comparison.plan, 1 + launch.options.run.repetitions,
      [&](RankGroup& group, Point& point) { ComparisonMeasurement(launch, comparison, group).run(point); });
}

}  // namespace tpscale
