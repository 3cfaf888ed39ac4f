#include "bench/experiment.h"
#include "bench/trial/base_test.h"
#include "bench/trial/latency_quantities.h"
#include "bench/trial/request_times.h"

namespace tpscale {
namespace {

/// TTFT + TPOT x (n - 1), mean over the requests.
double total_latency(const RunResult& result) {
  double sum = 0.0;
  for (const RequestTimes& times : request_times(result.requests))
    sum += times.ttft_s + times.tpot_s.value_or(0.0) * static_cast<double>(times.itl_s.size());
  return sum / static_cast<double>(result.requests.size());
}

/// 1 / TPOT of a stream, mean over those that have one; NaN where none has.
double generation_speed(const RunResult& result) {
  double sum = 0.0;
  double streams = 0.0;
  for (const RequestTimes& times : request_times(result.requests)) {
    if (!times.tpot_s) continue;
    sum += 1.0 / *times.tpot_s;
    streams += 1.0;
  }
  return sum / streams;
}

void add_figures(Point& point, const PointFacts& facts, const Slo& slo) {
  add_latency_figures(point, facts, slo);
  add_rank_zero_figure(point, facts, "total_latency", "total_latency_seconds",
                       "TTFT + TPOT x (output tokens - 1), mean over requests");
  add_rank_zero_figure(point, facts, "generation_speed", "generation_speed",
                       "1 / TPOT of one stream, mean over requests",
                       "no request had two or more output tokens");
}

void run(Launch& launch) {
  const std::string limits = launch.options.run.slo;
  run_base_test(
      launch,
      {"latency",
       "Times of every request as rank 0's host sees them: TTFT from its arrival (offline: the start) to its "
       "first token, of which it waited (queue) until the first step that computed some of its prompt "
       "(prefill); TPOT from first to last token; ITL from token to token.",
       {{"tp", "", "tp"},
        {"requests", "", "num_sequences"},
        {"TTFT p50", "ms", "ttft_p50_seconds", 1e3},
        {"queue", "ms, mean", "ttft_queue_mean_seconds", 1e3},
        {"prefill", "ms, mean", "ttft_prefill_mean_seconds", 1e3},
        {"TPOT p50", "ms", "tpot_p50_seconds", 1e3},
        {"ITL p50", "ms", "itl_p50_seconds", 1e3},
        {"ITL p90", "ms", "itl_p90_seconds", 1e3},
        {"ITL p99", "ms", "itl_p99_seconds", 1e3},
        {"total", "ms, mean", "total_latency", 1e3},
        {"speed", "token/s a stream", "generation_speed"},
        {"goodput", "requests/s", "goodput"}},
       [limits](PointPlan& plan) {
         const Slo slo = parse_slo(limits);
         plan.parameters.emplace_back("slo", slo.text());
         plan.quantities = latency_quantities(slo);
         plan.quantities.push_back({"total_latency_seconds", "s", total_latency});
         plan.quantities.push_back({"generation_speed", "token/s", generation_speed});
         plan.more_figures = [slo](Point& point, const PointFacts& facts, Engine&) {
           add_figures(point, facts, slo);
         };
       }});
}

void set_defaults(LaunchOptions& options, const Sizing& sizing) {
  set_fixed_sizes(options, sizing, {1, 512, 128}, {1, 256, 64}, {1, 128, 32});
  options.run.instrumented_repetitions = 0;  // the throughput test says where a step's time goes
}

const bool registered = experiment_registry().add(
    "latency", "time to first token, between tokens, and of a whole request",
    Experiment{"latency", "How long does one request take?", {"tp"}, run, set_defaults, "2.2"});

}  // namespace
}  // namespace tpscale
