#include "engine/decode_graphs.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/check.h"
#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::int64_t kLargestBucket = 512;
constexpr std::int64_t kFineStep = 16;

class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::string obstacle(const Backend& backend, const Communicator& comm) {
  if (!backend.has_graphs()) return "backend '" + std::string(backend.name()) + "' has no graphs";
  if (comm.size() > 1 && !comm.capturable()) {
    return "collectives of communicator '" + std::string(comm.name()) + "' cannot be part of a graph";
  }
  return {};
}

}  // namespace

std::vector<std::int64_t> graph_buckets(std::int64_t max_num_seqs) {
  const std::int64_t largest = std::min(max_num_seqs, kLargestBucket);
  std::vector<std::int64_t> buckets;
  for (std::int64_t size = 1; size < largest; size = size < kFineStep ? 2 * size : size + kFineStep) {
    buckets.push_back(size);
  }
  buckets.push_back(largest);
  return buckets;
}

GraphFacts choose_graphs(const Backend& backend, const Communicator& comm, std::string_view option) {
  GraphFacts facts;
  facts.reason = obstacle(backend, comm);
  if (option == "on" && !facts.reason.empty()) {
    throw NotAvailableError("--cuda-graphs on: " + facts.reason + "; use --cuda-graphs auto or off");
  }
  if (option == "off") facts.reason = "switched off by --cuda-graphs off";
  facts.on = facts.reason.empty();
  return facts;
}

DecodeGraphs::DecodeGraphs(Backend& backend, std::int64_t max_num_seqs)
    : backend_(backend), buckets_(graph_buckets(max_num_seqs)) {}

void DecodeGraphs::capture(const MakeStep& make_step) {
  if (!graphs_.empty()) return;
  graphs_.resize(buckets_.size());
  facts_.on = true;
  facts_.buckets.resize(buckets_.size());
  for (std::size_t i = buckets_.size(); i-- > 0;) {
    GraphBucket& bucket = facts_.buckets[i];
    bucket.sequences = buckets_[i];
    // Kernels choose their ways and take their work space in a plain run: nothing may be allocated while a
    // step is recorded.
    Stopwatch watch;
    const std::function<void()> step = make_step(buckets_[i]);
    step();
    backend_.stream().synchronize();
    bucket.warm_up_seconds = watch.lap();
    graphs_[i] = backend_.capture(step);
    bucket.capture_seconds = watch.lap();
    bucket.nodes = graphs_[i]->facts().nodes;
    facts_.memory_bytes += static_cast<std::int64_t>(graphs_[i]->facts().device_bytes);
    facts_.warm_up_seconds += bucket.warm_up_seconds;
    facts_.capture_seconds += bucket.capture_seconds;
  }
}

std::size_t DecodeGraphs::place_of(std::int64_t sequences) const noexcept {
  return static_cast<std::size_t>(std::ranges::lower_bound(buckets_, sequences) - buckets_.begin());
}

std::int64_t DecodeGraphs::bucket_for(std::int64_t sequences) const noexcept {
  const std::size_t place = place_of(sequences);
  return place < graphs_.size() ? buckets_[place] : 0;
}

void DecodeGraphs::launch(std::int64_t bucket) {
  const std::size_t place = place_of(bucket);
  check(place < graphs_.size() && buckets_[place] == bucket, "no graph of this size was captured");
  graphs_[place]->launch();
}

}  // namespace tpscale
