#pragma once
#include <benchmark/benchmark.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "bench/micro/case_name.h"
#include "bench/micro/work.h"
#include "bench/trial/interrupt.h"
#include "core/error.h"
#include "parallel/world.h"

namespace tpscale {

/// A benchmark made ready: all it needs is there and owned by `once`.
struct Prepared {
  std::function<void()> once;  ///< one iteration
  Work work;
  Backend* device = nullptr;  ///< whose stream holds what `once` began; nullptr: it is done when it returns
  /// For iterations that use something up: whether they have, and what makes it anew, which is not timed.
  std::function<bool()> used_up = {};
  std::function<void()> renew = {};
  std::string data = {};  ///< hash of what it works on; empty: a function of the benchmark's name
};

/// Raw seconds of one run of a benchmark that times itself: a row a sample, a column a rank.
struct Timed {
  std::vector<std::vector<double>> rows;
  Work work;
  std::string wrong;  ///< what is wrong with the result; such a run has no figures
};

/// The benchmarks of one process, registered with Google Benchmark, and what the store wants to know of them.
/// Outlives Google Benchmark's run.
class Suite {
 public:
  struct Entry {
    CaseName name;
    Work work = {};                              ///< of the last run
    std::vector<std::vector<double>> rows = {};  ///< of all runs of one that times itself
    bool times_itself = false;
    std::string data = {};     ///< hash of what it works on; empty: a function of the name
    std::string problem = {};  ///< why it has no figures, and will have none in any repetition to come
    std::optional<OutOfMemoryError> no_room = {};
  };
  /// What a repetition says that was left out because a signal asked to stop.
  static constexpr const char* kInterrupted = "interrupted";

  Suite(const World& world, const Interrupt& interrupt) : world_(world), interrupt_(interrupt) {}
  ~Suite() { benchmark::ClearRegisteredBenchmarks(); }  // they hold devices
  Suite(const Suite&) = delete;
  Suite& operator=(const Suite&) = delete;

  /// `prepare` is called as the benchmark begins and what it made is kept until another begins: Google
  /// Benchmark runs a benchmark several times to find out how often it must iterate. Where it throws an Error
  /// the benchmark is skipped and says why; an InputOutputError ends the run, as it would be met again.
  void add(const CaseName& name, std::function<Prepared()> prepare,
           benchmark::TimeUnit unit = benchmark::kMicrosecond);
  /// `run` takes `samples` samples. Where it throws an OutOfMemoryError the benchmark is skipped and says
  /// why.
  void add_timed(const CaseName& name, std::int64_t samples, std::function<Timed()> run);

  const std::map<std::string, Entry>& entries() const noexcept { return entries_; }
  bool wrong() const noexcept { return wrong_; }  ///< some result was

 private:
  /// False where it was skipped: it failed before, or a signal asked to stop.
  bool may_run(benchmark::State& state, const Entry& entry) const;
  bool prepare_once(Entry& entry, const std::function<Prepared()>& prepare);
  void iterate(benchmark::State& state, Entry& entry, const std::function<Prepared()>& prepare);
  void take(benchmark::State& state, Entry& entry, const std::function<Timed()>& run);

  const World& world_;
  const Interrupt& interrupt_;
  std::map<std::string, Entry> entries_;
  std::string kept_name_;
  Prepared kept_;
  bool wrong_ = false;
};

}  // namespace tpscale
