#include "bench/micro/stored_run.h"

#include <sstream>

#include "bench/provenance/hardware.h"
#include "bench/provenance/provenance.h"
#include "bench/statistics/sample_statistics.h"
#include "bench/statistics/summary.h"
#include "bench/store/hash.h"
#include "bench/trial/virtual_device.h"

namespace tpscale {
namespace {

/// A repetition's row has a column a rank.
Samples samples_of(const Suite::Entry& entry, const std::vector<double>& seconds) {
  Samples samples;
  samples.name = "seconds";
  samples.unit = "s";
  samples.clock = "steady_clock";
  samples.phase = "timed";
  samples.rows = entry.rows;
  if (!entry.times_itself) {
    for (const double value : seconds) samples.rows.push_back({value});
  }
  for (std::size_t rank = 0; rank < samples.rows.front().size(); ++rank)
    samples.columns.push_back("rank " + std::to_string(rank));
  return samples;
}

Metric rate_of(const Rate& rate, const std::vector<double>& seconds) {
  std::vector<double> values;
  values.reserve(seconds.size());
  for (const double value : seconds) values.push_back(rate.amount / value);
  Metric metric = summarize(rate.name, rate.unit, values);
  std::ostringstream how;
  how << rate.how << " / seconds of an iteration; median of " << values.size()
      << " repetitions = " << metric.value << ' ' << rate.unit;
  metric.how_obtained = how.str();
  return metric;
}

}  // namespace

void KeptRuns::ReportRuns(const std::vector<Run>& report) {
  for (const Run& run : report) {
    if (run.run_type != Run::RT_Iteration || run.error_occurred || run.iterations == 0) continue;
    seconds_[run.run_name.function_name].push_back(run.real_accumulated_time /
                                                   static_cast<double>(run.iterations));
  }
  shown_->ReportRuns(report);
}

MicroStore::MicroStore(const World& world, const std::string& folder,
                       const std::vector<std::string>& command_line)
    : world_(world), hardware_(host_hardware()), provenance_(launch_provenance(world, command_line)) {
  store_ = open_hdf5_store(folder, false, {binary_hash(), "", hardware_identity(hardware_)});
}

Point MicroStore::begin(Backend& backend) const {
  Point point;
  point.test_name = "micro";
  point.test_date = utc_timestamp();
  point.method =
      "One operation alone on Google Benchmark: a sample is the mean of the iterations of one repetition; of "
      "collectives the mean of a batch, a column a rank.";
  point.hardware = hardware_;
  point.hardware.emplace_back("device_name", backend.device_name());
  for (const auto& [name, fact] : backend.facts()) point.hardware.emplace_back("device_" + name, fact);
  point.provenance = provenance_;
  point.conditions = {{"seed", std::int64_t{0}},
                      {"cache_state", std::string("warm: every benchmark runs once before it is timed")},
                      {"world_size", static_cast<std::int64_t>(world_.size())}};
  return point;
}

void MicroStore::publish(const Suite& suite, const KeptRuns& runs, Backend& backend) {
  for (const auto& [name, seconds] : runs.seconds()) {
    const auto entry = suite.entries().find(name);
    if (entry == suite.entries().end()) continue;
    Point point = begin(backend);
    point.parameters = {
        {"experiment", std::string("micro")}, {"benchmark", name}, {"backend", std::string(backend.name())}};
    for (const auto& parameter : entry->second.name.parameters()) {
      if (parameter.first != "backend") point.parameters.push_back(parameter);
    }
    point.conditions.emplace_back("workload_hash", hash_hex(name));  // its data are a function of its name
    point.samples.push_back(samples_of(entry->second, seconds));
    const std::vector<double> times = repetition_times(point.samples.front().rows, 0);
    point.results.push_back(summarize("seconds", "s", times));
    for (const Rate& rate : entry->second.work) point.results.push_back(rate_of(rate, times));
    // collectives name their ranks; everything else is one
    const auto ranks = static_cast<int>(point.samples.front().columns.size());
    const bool oversubscribed = world_.oversubscribed(ranks);
    point.conditions.emplace_back("oversubscribed", oversubscribed);
    if (oversubscribed) point.marks.emplace_back("oversubscribed");
    if (is_virtual(backend)) {
      mark_virtual(point);
    } else if (implausible(entry->second.work, median(times))) {
      point.marks.emplace_back("implausible");
    }
    store_->publish(point);
  }
  store_->derive_results();
}

}  // namespace tpscale
