#include "bench/trial/latency_quantities.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "bench/print/number.h"
#include "bench/statistics/counted_repetitions.h"
#include "bench/statistics/marks.h"
#include "bench/statistics/sample_statistics.h"
#include "bench/statistics/summary.h"
#include "bench/trial/request_times.h"

namespace tpscale {
namespace {

/// Latencies of one kind: a value a request, or none, or many.
struct Family {
  std::string name;  ///< "ttft_queue"
  std::function<std::vector<double>(const RequestResult&)> of;
  bool mean = true;  ///< else it is a quantity of every trial already
  std::string what;  ///< for how_obtained
  std::string none;  ///< why a run may have no value
};

struct Statistic {
  const char* name;
  double percentile;  ///< negative: the mean
};
constexpr Statistic kStatistics[] = {{"mean", -1.0}, {"p50", 50.0}, {"p90", 90.0}, {"p99", 99.0}};

std::vector<Family> families() {
  const std::string requests = "no request was served", gaps = "no request had two or more output tokens";
  return {
      {"ttft", [](const RequestResult& request) { return std::vector{request_times(request).ttft_s}; }, false,
       "first token known - arrival", requests},
      {"ttft_queue", [](const RequestResult& request) { return std::vector{request_times(request).queue_s}; },
       true, "begin of the first step that computed some of the prompt - arrival", requests},
      {"ttft_prefill",
       [](const RequestResult& request) { return std::vector{request_times(request).prefill_s}; }, true,
       "first token known - begin of the first step that computed some of the prompt", requests},
      {"tpot",
       [](const RequestResult& request) {
         const auto tpot = request_times(request).tpot_s;
         return tpot ? std::vector{*tpot} : std::vector<double>{};
       },
       false, "(last token - first token) / (output tokens - 1)", gaps},
      {"itl", [](const RequestResult& request) { return request_times(request).itl_s; }, true,
       "gaps between tokens that follow one another, pooled over requests", gaps}};
}

Family ttft_family(const std::string& group, const RequestFilter& which) {
  return {"ttft_" + group,
          [which](const RequestResult& request) {
            return which(request) ? std::vector{request_times(request).ttft_s} : std::vector<double>{};
          },
          true, "first token known - arrival, of the requests that are " + group,
          "no request was one of the " + group};
}

std::vector<double> pooled(const Family& family, const RunResult& result) {
  std::vector<double> values;
  for (const RequestResult& request : result.requests) {
    const std::vector<double> of_request = family.of(request);
    values.insert(values.end(), of_request.begin(), of_request.end());
  }
  return values;
}

double value_of(const Statistic& statistic, const std::vector<double>& values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return statistic.percentile < 0.0 ? sum(values) / static_cast<double>(values.size())
                                    : percentile(values, statistic.percentile);
}

std::string name_of(const Family& family, const Statistic& statistic) {
  return family.name + "_" + statistic.name + "_seconds";
}

void add_quantities(std::vector<Quantity>& to, const Family& family) {
  for (const Statistic& statistic : kStatistics) {
    if (statistic.percentile < 0.0 && !family.mean) continue;
    to.push_back({name_of(family, statistic), "s", [family, statistic](const RunResult& result) {
                    return value_of(statistic, pooled(family, result));
                  }});
  }
}

void add_figures_of(Point& point, const PointFacts& facts, const Family& family) {
  const std::size_t values = pooled(family, facts.timed.last).size();
  for (const Statistic& statistic : kStatistics) {
    const bool mean = statistic.percentile < 0.0;
    if (mean && !family.mean) continue;
    const std::string how = (mean ? "mean" : fixed_number(statistic.percentile, 0) + "th percentile") +
                            " of " + std::to_string(values) + " values a repetition of (" + family.what + ")";
    const std::string name = name_of(family, statistic);
    add_rank_zero_figure(point, facts, name, name, how, family.none,
                         mean ? std::vector<std::string>{} : percentile_marks(values, statistic.percentile));
  }
}

double goodput(const RunResult& result, const Slo& slo) {
  const auto met = std::ranges::count_if(result.requests,
                                         [&](const RequestResult& request) { return slo.met_by(request); });
  return static_cast<double>(met) / result.wall_seconds;
}

}  // namespace

std::vector<Quantity> latency_quantities(const Slo& slo) {
  std::vector<Quantity> quantities;
  for (const Family& family : families()) add_quantities(quantities, family);
  if (slo.stated()) {
    quantities.push_back({"goodput", "1/s", [slo](const RunResult& result) { return goodput(result, slo); }});
  }
  return quantities;
}

void add_rank_zero_figure(Point& point, const PointFacts& facts, const std::string& name,
                          const std::string& quantity, const std::string& how, const std::string& none,
                          const std::vector<std::string>& marks) {
  const std::string full_name = name_of_arm(name, facts.arm);
  const Samples& samples = samples_named(facts.timed.samples, name_of_arm(quantity, facts.arm));
  const std::vector<std::size_t> counted = counted_rows(samples);
  std::vector<double> values;
  values.reserve(counted.size());
  for (const std::size_t row : counted) values.push_back(samples.rows[row].front());
  if (!std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) {
    point.absent.push_back({full_name, none});
    return;
  }
  Metric metric = summarize(full_name, samples.unit, values);
  metric.how_obtained = how + " on rank 0's host; median of " + std::to_string(values.size()) +
                        " repetitions = " + short_number(metric.value) + " " + samples.unit;
  metric.marks.insert(metric.marks.end(), marks.begin(), marks.end());
  if (facts.oversubscribed) metric.marks.emplace_back("oversubscribed");
  if (!samples.marks[counted.front()].empty()) metric.marks.emplace_back("tainted");  // then every one is
  point.results.push_back(std::move(metric));
}

std::vector<Quantity> ttft_quantities(const std::string& group, const RequestFilter& which) {
  std::vector<Quantity> quantities;
  add_quantities(quantities, ttft_family(group, which));
  return quantities;
}

void add_latency_figures(Point& point, const PointFacts& facts, const Slo& slo) {
  for (const Family& family : families()) add_figures_of(point, facts, family);
  if (slo.stated()) {
    const auto met = std::ranges::count_if(facts.timed.last.requests,
                                           [&](const RequestResult& request) { return slo.met_by(request); });
    add_rank_zero_figure(point, facts, "goodput", "goodput",
                         "requests that met " + slo.text() + " / wall_seconds (of the last repetition " +
                             std::to_string(met) + " of " + std::to_string(facts.timed.last.requests.size()) +
                             ")");
  } else {
    point.absent.push_back(
        {name_of_arm("goodput", facts.arm), "no limits were stated: --slo ttft=...,tpot=..."});
  }
  for (IntegerArray& array : raw_times(facts.timed.request_times, facts.arm))
    point.arrays.push_back(std::move(array));
}

void add_ttft_figures(Point& point, const PointFacts& facts, const std::string& group,
                      const RequestFilter& which) {
  add_figures_of(point, facts, ttft_family(group, which));
}

}  // namespace tpscale
