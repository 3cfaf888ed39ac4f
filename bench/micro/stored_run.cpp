#include "bench/micro/stored_run.h"

#include <cstdlib>
#include <sstream>

#include "bench/micro/cache_state.h"
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

std::int64_t integer_of(const Values& values, const std::string& name) {
  for (const auto& [key, value] : values) {
    if (key == name && std::holds_alternative<std::int64_t>(value)) return std::get<std::int64_t>(value);
  }
  return 0;
}

/// Of the device where it says so, else of the host's cores.
std::int64_t last_level_cache(const Backend& backend, const Values& hardware) {
  const auto facts = backend.facts();
  const auto fact = facts.find("l2_bytes");
  if (fact != facts.end()) return std::atoll(fact->second.c_str());
  return backend.memory_is_host() ? integer_of(hardware, "cache_l3_bytes") : 0;
}

}  // namespace

bool KeptRuns::ReportContext(const Context& context) {
  store_.open();
  shown_.reset(benchmark::CreateDefaultDisplayReporter());
  return shown_->ReportContext(context);
}

void KeptRuns::ReportRuns(const std::vector<Run>& report) {
  std::vector<Run> shown;
  std::vector<double> seconds;
  for (const Run& run : report) {
    if (!run.error_occurred || run.error_message != Suite::kInterrupted) shown.push_back(run);
    if (run.run_type == Run::RT_Iteration && !run.error_occurred && run.iterations > 0)
      seconds.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
  }
  if (!shown.empty()) shown_->ReportRuns(shown);
  if (report.empty() || report.front().run_type != Run::RT_Iteration) return;
  const auto entry = suite_.entries().find(report.front().run_name.function_name);
  if (entry == suite_.entries().end()) return;
  if (seconds.size() == report.size()) store_.publish(entry->second, seconds);
  if (entry->second.no_room) store_.publish_no_room(entry->second);
}

void KeptRuns::Finalize() {
  shown_->Finalize();
  store_.derive_results();
}

MicroStore::MicroStore(const World& world, std::string folder, std::vector<std::string> command_line,
                       std::function<Backend&()> backend)
    : world_(world),
      folder_(std::move(folder)),
      command_line_(std::move(command_line)),
      backend_(std::move(backend)) {}

void MicroStore::open() {
  if (folder_.empty()) return;
  hardware_ = host_hardware();
  provenance_ = launch_provenance(world_, command_line_);
  store_ = open_hdf5_store(folder_, false, {binary_hash(), "", hardware_identity(hardware_)});
}

Point MicroStore::begin(const Suite::Entry& entry, int ranks) {
  Backend& backend = backend_();
  Point point;
  point.test_name = "micro";
  point.test_date = utc_timestamp();
  point.method =
      "One operation alone on Google Benchmark: a sample is the mean of the iterations of one repetition; of "
      "collectives the mean of a batch, a column a rank.";
  point.parameters = {{"experiment", std::string("micro")},
                      {"benchmark", entry.name.text()},
                      {"backend", std::string(backend.name())}};
  for (const auto& parameter : entry.name.parameters()) {
    if (parameter.first != "backend") point.parameters.push_back(parameter);
  }
  point.hardware = hardware_;
  point.hardware.emplace_back("device_name", backend.device_name());
  for (const auto& [name, fact] : backend.facts()) point.hardware.emplace_back("device_" + name, fact);
  point.provenance = provenance_;
  const bool oversubscribed = world_.oversubscribed(ranks);
  point.conditions = {
      {"seed", std::int64_t{0}},
      {"cache_state", cache_state(entry.name, entry.work, last_level_cache(backend, hardware_))},
      {"world_size", static_cast<std::int64_t>(world_.size())},
      {"workload_hash", hash_hex(entry.name.text() + entry.data)},
      {"oversubscribed", oversubscribed}};
  if (oversubscribed) point.marks.emplace_back("oversubscribed");
  return point;
}

void MicroStore::publish(const Suite::Entry& entry, const std::vector<double>& seconds) {
  if (store_ == nullptr) return;
  const Samples samples = samples_of(entry, seconds);
  // collectives name their ranks; everything else is one
  Point point = begin(entry, static_cast<int>(samples.columns.size()));
  point.samples.push_back(samples);
  const std::vector<double> times = repetition_times(samples.rows, 0);
  point.results.push_back(summarize("seconds", "s", times));
  for (const Rate& rate : entry.work) point.results.push_back(rate_of(rate, times));
  if (is_virtual(backend_())) {
    mark_virtual(point);
  } else if (implausible(entry.work, median(times))) {
    point.marks.emplace_back("implausible");
  }
  store_->publish(point);
}

void MicroStore::publish_no_room(const Suite::Entry& entry) {
  if (store_ == nullptr) return;
  Point point = begin(entry, 1);
  point.status = "out_of_memory";
  point.status_reason = entry.problem;
  point.conditions.emplace_back("requested_bytes",
                                static_cast<std::int64_t>(entry.no_room->requested_bytes()));
  point.conditions.emplace_back("available_bytes",
                                static_cast<std::int64_t>(entry.no_room->available_bytes()));
  store_->publish(point);
}

void MicroStore::derive_results() {
  if (store_ != nullptr) store_->derive_results();
}

}  // namespace tpscale
