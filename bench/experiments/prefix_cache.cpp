#include <algorithm>
#include <array>

#include "bench/experiment.h"
#include "bench/print/number.h"
#include "bench/trial/comparison.h"
#include "bench/trial/identity.h"
#include "bench/trial/latency_quantities.h"
#include "bench/trial/shared_prefix.h"
#include "bench/workload/generated.h"
#include "core/error.h"
#include "engine/plan_run.h"

namespace tpscale {
namespace {

const char* const kMethod =
    "The same requests with the prefix cache off and on, on one engine: of a prompt whose beginning another "
    "request has computed, whole blocks are found and only the rest is computed. A repetition serves all "
    "requests with either arm, in an order drawn anew, from empty caches. What must be found is predicted by "
    "the scheduler and the block manager alone, without a device.";

std::int64_t count_hits(const RunResult& result) {
  return std::ranges::count_if(result.requests,
                               [](const RequestResult& request) { return request.cached_prompt_tokens > 0; });
}

bool is_hit(const RequestResult& request) {
  return request.cached_prompt_tokens > 0;
}
bool is_miss(const RequestResult& request) {
  return request.cached_prompt_tokens == 0;
}

double sum_of(std::span<const double> values) {
  double total = 0.0;
  for (const double value : values) total += value;
  return total;
}

/// What the arms say beside one another.
class Gain {
 public:
  Gain(Point& point, std::span<const PointFacts> arms, const PlannedRun& planned)
      : point_(point), off_(arms[0]), on_(arms[1]), planned_(planned) {}

  void judge() {
    point_.verdicts.push_back(judge_prompt(off_));
    point_.verdicts.push_back(judge_prompt(on_));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < on().requests.size(); ++i)
      wrong += on().requests[i].cached_prompt_tokens == planned_.cached_prompt_tokens[i] ? 0 : 1;
    point_.verdicts.push_back({"hits equal the prediction", wrong == 0 && off().prompt_tokens_cached == 0, "",
                               std::to_string(on().prompt_tokens_cached) + " prompt tokens found, " +
                                   std::to_string(planned_.prompt_tokens_cached) + " predicted, " +
                                   std::to_string(wrong) + " requests that differ; with the cache off " +
                                   std::to_string(off().prompt_tokens_cached)});
  }

  void add_figures() {
    const auto cached = static_cast<double>(on().prompt_tokens_cached);
    const auto looked_up = static_cast<double>(on().prompt_tokens_looked_up);
    add("cache_hit_rate", cached / looked_up,
        short_number(cached) + " prompt tokens found / " + short_number(looked_up) + " looked up");
    add("predicted_cache_hit_rate", static_cast<double>(planned_.prompt_tokens_cached) / looked_up,
        short_number(static_cast<double>(planned_.prompt_tokens_cached)) + " prompt tokens predicted / " +
            short_number(looked_up) + " looked up");
    add("hits", static_cast<double>(count_hits(on())), "requests that found some of their prompt");
    const auto computed_off = static_cast<double>(off().prompt_tokens_computed);
    const auto computed_on = static_cast<double>(on().prompt_tokens_computed);
    add("compute_saved", 1.0 - computed_on / computed_off,
        "1 - " + short_number(computed_on) + " prompt tokens computed with / " + short_number(computed_off) +
            " without");
    const double flops_off = sum_of(off_.cost.prefill_flops), flops_on = sum_of(on_.cost.prefill_flops);
    add("compute_saved_flops", 1.0 - flops_on / flops_off,
        "1 - " + short_number(flops_on) + " FLOPs of prefill with / " + short_number(flops_off) + " without");
    point_.results.push_back(ratio_metric("speedup", "1", paired_ratio(off_, on_, "wall_seconds"), 1.0, 0.0,
                                          on_, "wall_seconds off / on"));
    point_.results.push_back(ratio_metric("prefill_speedup", "1", paired_ratio(off_, on_, "prefill_seconds"),
                                          1.0, 0.0, on_, "prefill_seconds off / on"));
    if (count_hits(on()) == 0) {
      point_.results.push_back(ratio_metric("cost_without_hits", "%", paired_ratio(on_, off_, "wall_seconds"),
                                            100.0, -100.0, on_,
                                            "(on - off) / off x 100 of wall_seconds, nothing being found"));
    } else {
      point_.absent.push_back({"cost_without_hits", "requests found some of their prompts"});
    }
    for (const PointFacts* facts : {&off_, &on_}) add_latency_figures(point_, *facts);
    add_ttft_figures(point_, on_, "hits", is_hit);
    add_ttft_figures(point_, on_, "misses", is_miss);
  }

  void add_prediction(const SharedPrefix& prefix, std::int64_t block_size) {
    const std::string method = "predicted from the lengths, no interval";
    const auto predict = [&](const std::string& name, double value, const std::string& how) {
      point_.results.push_back(single_metric(name, "1", value, how, method));
    };
    const std::string sharers = std::to_string(prefix.sharers) + " of " + std::to_string(prefix.requests) +
                                " requests share " + std::to_string(prefix.prefix_tokens) + " of " +
                                std::to_string(prefix.prompt_tokens) + " tokens";
    predict("predicted_compute_saved", ideal_saving(prefix, block_size),
            sharers + "; all but the first find its whole blocks of " + std::to_string(block_size));
    predict("predicted_compute_saved_by_tokens", ideal_saving(prefix, 1),
            sharers + "; all but the first find it");
    predict("counted_saving", counted_saving(prefix),
            sharers + "; the first counted too, as the test plan's example does");
  }

 private:
  const RunResult& off() const { return off_.timed.last; }
  const RunResult& on() const { return on_.timed.last; }

  void add(const std::string& name, double value, const std::string& how) {
    point_.results.push_back(single_metric(name, "1", value, how, "counted, no interval"));
  }

  static Verdict judge_prompt(const PointFacts& facts) {
    const RunResult& result = facts.timed.last;
    const std::int64_t sum = result.prompt_tokens_computed + result.prompt_tokens_cached;
    return {"computed + cached = prompt tokens, " + facts.arm, sum == facts.input_tokens, "",
            std::to_string(result.prompt_tokens_computed) + " + " +
                std::to_string(result.prompt_tokens_cached) + " = " + std::to_string(sum) +
                ", the prompts have " + std::to_string(facts.input_tokens)};
  }

  Point& point_;
  const PointFacts& off_;
  const PointFacts& on_;
  const PlannedRun& planned_;
};

std::vector<Quantity> quantities() {
  std::vector<Quantity> all = latency_quantities();
  for (const auto& more : {ttft_quantities("hits", is_hit), ttft_quantities("misses", is_miss)})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

Comparison comparison_of(Launch& launch, int degree) {
  const LaunchOptions& options = launch.options;
  Comparison comparison;
  comparison.plan.experiment = "prefix-cache";
  comparison.plan.method = kMethod;
  comparison.plan.degree = degree;
  comparison.plan.workload =
      std::make_shared<const Workload>(make_workload(options.workload, launch.source.config().vocab_size));
  comparison.plan.parameters = identity(launch, "prefix-cache", *comparison.plan.workload, degree);
  comparison.engine = options.engine;
  comparison.engine.prefix_cache = false;
  comparison.exact = launch.setup.backend == "cpu";
  comparison.quantities = quantities();
  const std::int64_t displaced = options.run.inject_bug == "prefix-position" ? 1 : 0;
  if (displaced > 0 && comparison.engine.max_model_len == 0) {  // the table of positions must hold them
    for (const Request& request : comparison.plan.workload->requests)
      comparison.engine.max_model_len =
          std::max(comparison.engine.max_model_len,
                   static_cast<std::int64_t>(request.prompt.size()) + request.max_new_tokens + displaced);
  }
  comparison.arms = [displaced](ModelSession& session) {
    Engine& engine = session.engine();
    const auto set = [&engine](bool on, std::int64_t positions) {
      engine.use_prefix_cache(on);
      engine.displace_after_prefix_hit(positions);
    };
    return std::vector<Arm>{{"off", &engine, [set] { set(false, 0); }},
                            {"on", &engine, [set, displaced] { set(true, displaced); }}};
  };
  const WorkloadOptions& workload = options.workload;
  const auto requests = static_cast<std::int64_t>(comparison.plan.workload->requests.size());
  const SharedPrefix prefix{requests, share_of(workload.shared_share, requests), workload.input_tokens,
                            share_of(workload.prefix_share, workload.input_tokens)};
  const bool predictable = workload.workload == "shared-prefix";
  comparison.compare = [prefix, predictable, config = &launch.source.config(), engine = comparison.engine,
                        served = comparison.plan.workload](Point& point, std::span<const PointFacts> arms,
                                                           Engine& base) {
    EngineOptions on = engine;
    on.prefix_cache = true;
    const PlannedRun planned = plan_run(*config, on, base.sizes(), served->requests);
    Gain gain(point, arms, planned);
    gain.judge();
    gain.add_figures();
    if (predictable) gain.add_prediction(prefix, on.block_size);
  };
  return comparison;
}

void require_per_cent(const char* flag, const std::vector<std::int64_t>& values, std::int64_t most) {
  if (std::ranges::all_of(values, [&](std::int64_t value) { return value >= 0 && value <= most; })) return;
  throw UsageError(std::string("--") + flag + " takes per cent from 0 to " + std::to_string(most));
}

/// The workload as given, then each axis by itself.
std::vector<Comparison> plan_points(Launch& launch) {
  const RunOptions& run = launch.options.run;
  require_per_cent("shared-shares", run.shared_shares, 100);
  require_per_cent("prefix-shares", run.prefix_shares, 100);
  const LaunchOptions given = launch.options;
  std::vector<LaunchOptions> settings{given};
  for (const std::int64_t per_cent : given.run.shared_shares) {
    settings.push_back(given);
    settings.back().workload.shared_share = static_cast<double>(per_cent) / 100.0;
  }
  for (const std::int64_t per_cent : given.run.prefix_shares) {
    settings.push_back(given);
    settings.back().workload.prefix_share = static_cast<double>(per_cent) / 100.0;
  }
  for (const std::int64_t size : given.run.block_sizes) {
    settings.push_back(given);
    settings.back().engine.block_size = size;
  }
  std::vector<Comparison> comparisons;
  for (const std::int64_t degree : given.run.tp) {
    for (const LaunchOptions& setting : settings) {
      launch.options = setting;  // whose identity the point has
      Comparison comparison = comparison_of(launch, static_cast<int>(degree));
      const bool known = std::ranges::any_of(comparisons, [&](const Comparison& other) {
        return other.plan.parameters == comparison.plan.parameters;
      });
      if (!known) comparisons.push_back(std::move(comparison));
    }
  }
  launch.options = given;
  return comparisons;
}

void run(Launch& launch) {
  static const std::array<ComparisonColumn, 12> kColumns{
      {{"tp", "", "tp"},
       {"sharing", "share", "shared_share"},
       {"prefix", "share", "prefix_share"},
       {"block", "tokens", "block_size"},
       {"hit rate", "%", "cache_hit_rate", 100.0},
       {"saved", "% tokens", "compute_saved", 100.0},
       {"predicted", "% tokens", "predicted_compute_saved", 100.0},
       {"saved", "% FLOPs", "compute_saved_flops", 100.0},
       {"speed-up", "off/on", "speedup"},
       {"TTFT hits", "ms", "ttft_hits_p50_seconds_on", 1e3},
       {"misses", "ms", "ttft_misses_p50_seconds_on", 1e3},
       {"no hits cost", "%", "cost_without_hits"}}};
  run_comparisons(
      launch, "prefix-cache", [&] { return plan_points(launch); }, kColumns);
}

/// A prompt a step: what one has computed the next can find.
void set_defaults(LaunchOptions& options, const Sizing& sizing) {
  const bool plan = sizing.profile == "full" || (sizing.profile == "default" && !sizing.cpu);
  const bool smoke = sizing.profile == "smoke";
  options.workload.workload = "shared-prefix";
  options.workload.num_sequences = plan ? 100 : smoke ? 10 : 20;
  options.workload.input_tokens = plan ? 512 : 128;
  options.workload.output_tokens = plan ? 128 : smoke ? 4 : 8;
  options.engine.max_num_batched_tokens = options.workload.input_tokens;
  options.run.shared_shares = smoke ? std::vector<std::int64_t>{0} : std::vector<std::int64_t>{0, 50, 100};
  if (!smoke) options.run.prefix_shares = {0, 50, 95};
  if (!smoke) options.run.block_sizes = {16, 64, 256};
}

const bool registered = experiment_registry().add(
    "prefix-cache", "prompt beginnings that others have computed, found instead: what it saves",
    Experiment{"prefix-cache",
               "What does reusing equal prompt beginnings save?",
               {"shared-shares", "prefix-shares", "block-sizes", "tp"},
               run,
               set_defaults,
               "3.1"});

}  // namespace
}  // namespace tpscale
