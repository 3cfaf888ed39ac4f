#pragma once
#include <benchmark/benchmark.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tpscale {

/// Google Benchmark's command line and its run, where what it would end the process for (or not mention) is
/// an Error.
class GoogleBenchmark {
 public:
  /// Its own words, "--benchmark_...". Throws UsageError where one cannot go with `stored` points or with the
  /// fixed numbers of samples of `collectives`.
  GoogleBenchmark(const std::vector<std::string>& words, bool stored, bool collectives);

  /// Runs what is registered and chosen. Throws UsageError, also where nothing is; InputOutputError.
  void run(benchmark::BenchmarkReporter& reporter);

 private:
  std::optional<std::string_view> value(std::string_view flag) const;  ///< the last given, which counts
  bool asks(std::string_view flag) const;                              ///< of one that is true or false
  void initialize();

  std::vector<std::string> words_;
  std::vector<char*> pointers_;  ///< it keeps them, so they live as long as it runs
};

}  // namespace tpscale
