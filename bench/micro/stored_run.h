#pragma once
#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "bench/micro/suite.h"
#include "bench/store/store.h"
#include "parallel/world.h"

namespace tpscale {

/// Where --store puts its points: test_name "micro", one a benchmark.
class MicroStore {
 public:
  /// `folder` "": nothing is stored. `backend` is what the benchmarks run on.
  MicroStore(const World& world, std::string folder, std::vector<std::string> command_line,
             std::function<Backend&()> backend);

  /// A folder without points yet. Throws UsageError, InputOutputError.
  void open();
  /// A finished benchmark: seconds of an iteration by repetition.
  void publish(const Suite::Entry& entry, const std::vector<double>& seconds);
  /// One whose memory is not there.
  void publish_no_room(const Suite::Entry& entry);
  void derive_results();

 private:
  Point begin(const Suite::Entry& entry, int ranks);

  const World& world_;
  std::string folder_;
  std::vector<std::string> command_line_;
  std::function<Backend&()> backend_;
  Values hardware_, provenance_;
  std::unique_ptr<Store> store_;
};

/// What Google Benchmark reports, shown as it would be; each benchmark is stored as soon as all of its
/// repetitions are there, so that nothing that comes later can lose it.
class KeptRuns final : public benchmark::BenchmarkReporter {
 public:
  KeptRuns(const Suite& suite, MicroStore& store) : suite_(suite), store_(store) {}

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& report) override;
  void Finalize() override;

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> shown_;  ///< made when the flags that choose it are known
  const Suite& suite_;
  MicroStore& store_;
};

}  // namespace tpscale
