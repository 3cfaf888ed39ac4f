#include "bench/trial/communication_figures.h"

#include <algorithm>
#include <array>
#include <string>

#include "bench/print/number.h"
#include "bench/statistics/sample_statistics.h"
#include "bench/statistics/summary.h"

namespace tpscale {
namespace {

void push(Point& point, const PointFacts& facts, Metric metric, const std::string& how) {
  metric.how_obtained = how + "; median of " + std::to_string(metric.samples) + " = " +
                        short_number(metric.value) + " " + metric.unit;
  if (facts.oversubscribed) metric.marks.push_back("oversubscribed");
  point.results.push_back(std::move(metric));
}

void add_fractions(Point& point, const PointFacts& facts, const std::string& phase) {
  const Samples& collective = samples_named(facts.instrumented, phase + "_collective_seconds");
  const Samples& step = samples_named(facts.instrumented, phase + "_step_seconds");
  std::vector<double> lowest;
  std::vector<double> highest;
  std::vector<double> skew;
  for (std::size_t row = 0; row < step.rows.size(); ++row) {
    std::vector<double> shares;
    for (std::size_t rank = 0; rank < step.rows[row].size(); ++rank) {
      const double seconds = step.rows[row][rank];
      shares.push_back(seconds > 0.0 ? collective.rows[row][rank] / seconds : 0.0);
    }
    const auto [low, high] = std::minmax_element(shares.begin(), shares.end());
    lowest.push_back(*low);
    highest.push_back(*high);
    skew.push_back(*high - *low);
  }
  const std::string share = phase + " seconds inside collectives / " + phase + " step seconds";
  const std::array<std::tuple<std::string, std::vector<double>*, std::string>, 3> figures{
      {{"", &highest, "largest over ranks of " + share + " (waiting for others included)"},
       {"_min", &lowest, "smallest over ranks of " + share},
       {"_skew", &skew, "largest minus smallest over ranks of " + share}}};
  for (const auto& [suffix, values, how] : figures) {
    Metric metric = summarize(phase + "_comm_fraction" + suffix, "1", *values);
    metric.marks.push_back("instrumented");
    push(point, facts, std::move(metric), how);
  }
}

void add_isolated(Point& point, const PointFacts& facts, const Samples& samples) {
  const std::string bytes = samples.name.substr(samples.name.find_last_of('_') + 1);
  const double size = std::stod(bytes);
  const double n = facts.degree;
  const auto seconds = repetition_times(samples.rows, static_cast<std::size_t>(samples.warm_ups));
  std::vector<double> algbw;
  std::vector<double> busbw;
  for (const double second : seconds) {
    algbw.push_back(size / second);
    busbw.push_back(size / second * 2.0 * (n - 1.0) / n);
  }
  const std::string what = "an all-reduce of " + bytes + " B alone, slowest rank";
  push(point, facts, summarize("all_reduce_seconds_" + bytes, "s", seconds), "seconds of " + what);
  push(point, facts, summarize("all_reduce_algbw_" + bytes, "B/s", algbw), bytes + " B / seconds of " + what);
  push(point, facts, summarize("all_reduce_busbw_" + bytes, "B/s", busbw),
       bytes + " B x 2(" + std::to_string(facts.degree) + "-1)/" + std::to_string(facts.degree) +
           " / seconds of " + what);
}

}  // namespace

void add_communication_figures(Point& point, const PointFacts& facts) {
  if (facts.degree == 1) {
    const std::string reason = "a group of one sends nothing";
    for (const char* name :
         {"prefill_comm_fraction", "decode_comm_fraction", "all_reduce_seconds", "bytes_communicated"}) {
      point.absent.push_back({name, reason});
    }
    return;
  }
  for (const char* phase : {"prefill", "decode"}) {
    const bool ran = std::string(phase) == "prefill" || facts.cost.decode_tokens > 0;
    if (!facts.instrumented.empty() && ran) {
      add_fractions(point, facts, phase);
    } else {
      point.absent.push_back({phase + std::string("_comm_fraction"),
                              ran ? "no instrumented repetition was asked for" : "no decode step was run"});
    }
  }
  for (const Samples& samples : facts.isolated) add_isolated(point, facts, samples);
  Metric bytes;
  bytes.name = "bytes_communicated";
  bytes.unit = "B";
  bytes.value = bytes.low = bytes.high = facts.cost.all_reduce_bytes + facts.cost.all_gather_bytes;
  bytes.samples = 1;
  bytes.method = "exact count, no interval";
  bytes.how_obtained = "messages of a whole run by the model's own count: all-reduces " +
                       fixed_number(facts.cost.all_reduce_bytes, 0) + " B + gathered logits " +
                       fixed_number(facts.cost.all_gather_bytes, 0) + " B";
  point.results.push_back(std::move(bytes));
}

}  // namespace tpscale
