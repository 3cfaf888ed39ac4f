#include "bench/trial/figures.h"

#include <algorithm>
#include <functional>

#include "bench/print/number.h"
#include "bench/statistics/counted_repetitions.h"
#include "bench/statistics/summary.h"
#include "bench/trial/communication_figures.h"
#include "bench/trial/memory_figures.h"

namespace tpscale {
namespace {

std::string ranks_text(const PointFacts& facts) {
  return facts.degree == 1 ? "of the one rank"
                           : "of the slowest of " + std::to_string(facts.degree) + " ranks";
}

class Figures {
 public:
  Figures(Point& point, const PointFacts& facts) : point_(point), facts_(facts) {}

  /// A figure with one value a repetition.
  void add(const std::string& name, const std::string& unit, const std::vector<double>& values,
           const std::string& how) {
    Metric metric = summarize(name_of_arm(name, facts_.arm), unit, values);
    const Samples& wall = samples_named(facts_.timed.samples, name_of_arm("wall_seconds", facts_.arm));
    const std::vector<std::size_t> counted = counted_rows(wall);
    const std::size_t left_out = wall.rows.size() - static_cast<std::size_t>(wall.warm_ups) - counted.size();
    metric.how_obtained = how + "; median of " + std::to_string(values.size()) + " repetitions" +
                          (left_out > 0 ? " (" + std::to_string(left_out) + " tainted left out)" : "") +
                          " = " + short_number(metric.value) + " " + unit;
    if (facts_.oversubscribed) metric.marks.push_back("oversubscribed");
    if (!wall.marks[counted.front()].empty()) metric.marks.push_back("tainted");  // then every one is
    point_.results.push_back(std::move(metric));
  }
  void absent(const std::string& name, const std::string& reason) {
    point_.absent.push_back({name_of_arm(name, facts_.arm), reason});
  }

  void add_throughput(const std::string& name, double tokens, const std::string& what,
                      const std::string& seconds_name) {
    const std::vector<double> seconds = timed_seconds(facts_, seconds_name);
    if (tokens <= 0.0 || *std::min_element(seconds.begin(), seconds.end()) <= 0.0) {
      const std::string reason = tokens <= 0.0 ? "there were no " + what : "no time was spent in this phase";
      absent(name, reason);
      absent(name + "_per_device", reason);
      return;
    }
    std::vector<double> rates;
    std::vector<double> rates_per_device;
    for (const double second : seconds) {
      rates.push_back(tokens / second);
      rates_per_device.push_back(tokens / second / facts_.degree);
    }
    const std::string how =
        fixed_number(tokens, 0) + " " + what + " / " + seconds_name + " " + ranks_text(facts_);
    add(name, "token/s", rates, how);
    add(name + "_per_device", "token/s", rates_per_device,
        how + " / " + std::to_string(facts_.degree) + " devices");
  }

  void add_share(const std::string& name, double work, const std::string& work_text,
                 const std::string& seconds_name, double peak, const std::string& peak_text) {
    const std::vector<double> seconds = timed_seconds(facts_, seconds_name);
    if (work <= 0.0 || peak <= 0.0) return absent(name, "no " + work_text + " or no peak to compare with");
    std::vector<double> shares;
    shares.reserve(seconds.size());
    for (const double second : seconds) shares.push_back(second > 0.0 ? work / second / peak : 0.0);
    add(name, "1", shares,
        short_number(work) + " " + work_text + " by the model's own count over all ranks / " + seconds_name +
            " " + ranks_text(facts_) + " / " + short_number(peak) + " " + peak_text);
  }

 private:
  Point& point_;
  const PointFacts& facts_;
};

void add_times(Figures& figures, const PointFacts& facts) {
  for (const char* name : {"wall_seconds", "prefill_seconds", "decode_seconds", "schedule_seconds"}) {
    figures.add(name, "s", timed_seconds(facts, name), std::string(name) + " " + ranks_text(facts));
  }
  const auto rank_zero = [&](const char* name) {
    const Samples& samples = samples_named(facts.timed.samples, name_of_arm(name, facts.arm));
    std::vector<double> values;
    for (const std::size_t row : counted_rows(samples)) values.push_back(samples.rows[row].front());
    return values;
  };
  figures.add("ttft_mean", "s", rank_zero("ttft_mean_seconds"),
              "mean over requests of (first token known on rank 0's host - arrival)");
  if (facts.cost.decode_tokens > 0) {
    figures.add("tpot_mean", "s", rank_zero("tpot_mean_seconds"),
                "mean over requests of (last token - first token) / (output tokens - 1) on rank 0's host");
  } else {
    figures.absent("tpot_mean", "no request had two or more output tokens");
  }
}

}  // namespace

void add_timed_figures(Point& point, const PointFacts& facts) {
  Figures figures(point, facts);
  const auto output = static_cast<double>(facts.cost.output_tokens);
  figures.add_throughput("prefill_throughput", static_cast<double>(facts.cost.prefill_tokens),
                         "prompt tokens computed", "prefill_seconds");
  figures.add_throughput("decode_throughput", static_cast<double>(facts.cost.decode_tokens),
                         "output tokens after the first", "decode_seconds");
  figures.add_throughput("output_throughput", output, "output tokens", "wall_seconds");
  figures.add_throughput("total_throughput", output + static_cast<double>(facts.input_tokens),
                         "input and output tokens", "wall_seconds");
  add_times(figures, facts);
}

void add_figures(Point& point, const PointFacts& facts) {
  add_timed_figures(point, facts);
  Figures figures(point, facts);
  figures.add_share("decode_mbu", sum(facts.cost.decode_bytes), "B of decode steps", "decode_seconds",
                    sum(facts.peaks.read_bandwidth), "B/s of all ranks' read bandwidth over their weights");
  figures.add_share("prefill_mfu", sum(facts.cost.prefill_flops), "FLOP of prefill steps", "prefill_seconds",
                    sum(facts.peaks.gemm_rate), "FLOP/s of all ranks' GEMM rate");
  add_communication_figures(point, facts);
  add_memory_figures(point, facts);
  if (facts.text) add_text_figures(point, *facts.text);
}

void withdraw_figures(Point& point) {
  std::string reason = "withdrawn, a verdict failed:";
  for (const Verdict& verdict : point.verdicts) {
    if (!verdict.passed) reason += " " + verdict.name + ";";
  }
  reason.back() = '.';
  withdraw_figures(point, reason);
}

void withdraw_figures(Point& point, const std::string& reason) {
  for (const Metric& metric : point.results) point.absent.push_back({metric.name, reason});
  point.results.clear();
}

}  // namespace tpscale
