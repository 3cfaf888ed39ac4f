#include "bench/micro/google_benchmark.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/error.h"

namespace tpscale {
namespace {

/// A point wants repetitions: one sample has no interval.
constexpr const char* kStoredRepetitions = "--benchmark_repetitions=10";
/// mpirun gives its ranks a terminal, also where its own output is a file.
constexpr const char* kNoColor = "--benchmark_color=false";

/// It prints how it is used and leaves with 0, unless what is to print does not return.
[[noreturn]] void refuse() {
  throw UsageError(
      "Google Benchmark does not take one of the values given (--benchmark_format and "
      "--benchmark_out_format: "
      "console, json or csv; --benchmark_time_unit: ns, us, ms or s; --benchmark_color: auto, true or "
      "false)");
}

}  // namespace

GoogleBenchmark::GoogleBenchmark(const std::vector<std::string>& words, bool stored, bool collectives)
    : words_{"tpscale-micro"} {
  // what is given comes later and wins
  if (stored) words_.emplace_back(kStoredRepetitions);
  if (collectives) words_.emplace_back(kNoColor);
  words_.insert(words_.end(), words.begin(), words.end());
  if (collectives && value("min_warmup_time")) {
    throw UsageError(
        "--benchmark_min_warmup_time is not for collectives, whose samples are counted (--samples) and which "
        "run before they are timed anyway");
  }
  for (const char* flag : {"report_aggregates_only", "display_aggregates_only"}) {
    if (stored && asks(flag)) {
      throw UsageError("--store wants every repetition, which --benchmark_" + std::string(flag) +
                       " keeps from it: give the one or the other");
    }
  }
  if (const auto given = value("repetitions"); given && std::atoll(std::string(*given).c_str()) < 1) {
    throw UsageError("--benchmark_repetitions wants a whole number of at least 1");
  }
}

std::optional<std::string_view> GoogleBenchmark::value(std::string_view flag) const {
  std::optional<std::string_view> found;
  for (std::string_view word : words_) {
    const std::string_view name = word.substr(0, word.find('='));
    if (name == "--benchmark_" + std::string(flag))
      found = word.substr(std::min(word.size(), name.size() + 1));
  }
  return found;
}

bool GoogleBenchmark::asks(std::string_view flag) const {
  const auto given = value(flag);
  return given && *given != "false" && *given != "0" && *given != "no" && *given != "off";
}

void GoogleBenchmark::initialize() {
  for (std::string& word : words_) pointers_.push_back(word.data());
  pointers_.push_back(nullptr);
  int count = static_cast<int>(words_.size());
  benchmark::Initialize(&count, pointers_.data(), refuse);
  if (count > 1) throw UsageError("'" + std::string(pointers_[1]) + "' is no option of Google Benchmark");
}

void GoogleBenchmark::run(benchmark::BenchmarkReporter& reporter) {
  const std::string out(value("out").value_or(""));
  initialize();
  if (!out.empty() && !std::ofstream(out, std::ios::app)) {
    throw InputOutputError("'" + out + "' of --benchmark_out cannot be written");
  }
  std::ostringstream said;  // in place of its own words where nothing matches
  reporter.SetErrorStream(&said);
  if (benchmark::RunSpecifiedBenchmarks(&reporter) == 0) {
    const std::string filter = "--benchmark_filter=" + benchmark::GetBenchmarkFilter();
    if (said.str().find("compile") != std::string::npos) {
      throw UsageError("'" + filter + "' is no regular expression");
    }
    throw UsageError("nothing matches '" + filter +
                     "': the collectives are there under mpirun only, all else in one process only "
                     "(--benchmark_list_tests says what there is)");
  }
  if (!std::cout.flush()) throw InputOutputError("standard output cannot be written");
}

}  // namespace tpscale
