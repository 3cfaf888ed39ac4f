#pragma once
#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "bench/micro/suite.h"
#include "bench/store/store.h"
#include "parallel/world.h"

namespace tpscale {

/// What Google Benchmark reports, shown as it would be, and kept for the store.
class KeptRuns final : public benchmark::BenchmarkReporter {
 public:
  explicit KeptRuns(std::unique_ptr<benchmark::BenchmarkReporter> shown) : shown_(std::move(shown)) {}

  bool ReportContext(const Context& context) override { return shown_->ReportContext(context); }
  void ReportRuns(const std::vector<Run>& report) override;
  void Finalize() override { shown_->Finalize(); }

  /// Seconds of an iteration by repetition, of the benchmarks that ran without error.
  const std::map<std::string, std::vector<double>>& seconds() const noexcept { return seconds_; }

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> shown_;
  std::map<std::string, std::vector<double>> seconds_;
};

/// Where --store puts its points: test_name "micro", one a benchmark.
class MicroStore {
 public:
  /// A folder without points yet. Throws UsageError, InputOutputError.
  MicroStore(const World& world, const std::string& folder, const std::vector<std::string>& command_line);

  /// Publishes every benchmark that was run without error, and results.h5. `backend` is what they ran on.
  void publish(const Suite& suite, const KeptRuns& runs, Backend& backend);

 private:
  Point begin(Backend& backend) const;

  const World& world_;
  Values hardware_, provenance_;
  std::unique_ptr<Store> store_;
};

}  // namespace tpscale
