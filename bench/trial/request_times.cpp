#include "bench/trial/request_times.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "bench/trial/timed_trial.h"

namespace tpscale {
namespace {

using Run = std::vector<RequestTimes>;

std::int64_t nanoseconds(double seconds) {
  return static_cast<std::int64_t>(std::llround(seconds * 1e9));
}

IntegerArray of_requests(const std::string& name, std::span<const Run> runs,
                         const std::function<std::int64_t(const RequestTimes&)>& of) {
  IntegerArray array;
  array.name = name;
  array.unit = "ns";
  array.rows = static_cast<std::int64_t>(runs.size());
  array.cols = static_cast<std::int64_t>(runs.front().size());
  for (const Run& run : runs) {
    for (const RequestTimes& request : run) array.values.push_back(of(request));
  }
  return array;
}

IntegerArray of_gaps(const std::string& name, std::span<const Run> runs) {
  IntegerArray array;
  array.name = name;
  array.unit = "ns";
  for (const RequestTimes& request : runs.front())
    array.cols += static_cast<std::int64_t>(request.itl_s.size());
  if (runs.size() * static_cast<std::size_t>(array.cols) > kMostGaps) runs = runs.last(1);
  array.rows = static_cast<std::int64_t>(runs.size());
  for (const Run& run : runs) {
    for (const RequestTimes& request : run)
      std::ranges::transform(request.itl_s, std::back_inserter(array.values), nanoseconds);
  }
  return array;
}

}  // namespace

RequestTimes request_times(const RequestResult& request) {
  const std::vector<double>& times = request.token_times_s;
  RequestTimes result;
  result.ttft_s = times.front() - request.arrival_s;
  result.queue_s = request.prefill_start_s - request.arrival_s;
  result.prefill_s = times.front() - request.prefill_start_s;
  result.e2e_s = times.back() - request.arrival_s;
  if (times.size() > 1)
    result.tpot_s = (times.back() - times.front()) / static_cast<double>(times.size() - 1);
  for (std::size_t i = 1; i < times.size(); ++i) result.itl_s.push_back(times[i] - times[i - 1]);
  return result;
}

std::vector<RequestTimes> request_times(std::span<const RequestResult> requests) {
  std::vector<RequestTimes> times;
  for (const RequestResult& request : requests) times.push_back(request_times(request));
  return times;
}

std::vector<IntegerArray> raw_times(std::span<const Run> runs, const std::string& arm) {
  std::vector<IntegerArray> arrays;
  const auto add = [&](const char* name, const std::function<std::int64_t(const RequestTimes&)>& of) {
    arrays.push_back(of_requests(name_of_arm(name, arm), runs, of));
  };
  add("ttft_ns", [](const RequestTimes& times) { return nanoseconds(times.ttft_s); });
  add("ttft_queue_ns", [](const RequestTimes& times) { return nanoseconds(times.queue_s); });
  add("ttft_prefill_ns", [](const RequestTimes& times) { return nanoseconds(times.prefill_s); });
  add("tpot_ns",
      [](const RequestTimes& times) { return times.tpot_s ? nanoseconds(*times.tpot_s) : std::int64_t{-1}; });
  IntegerArray gaps = of_gaps(name_of_arm("itl_ns", arm), runs);
  if (gaps.cols > 0) arrays.push_back(std::move(gaps));
  return arrays;
}

}  // namespace tpscale
