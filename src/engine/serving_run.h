#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/arrivals.h"
#include "engine/engine.h"
#include "engine/model_runner.h"
#include "engine/scheduler.h"

namespace tpscale {

/// What a run works with; all of it outlives the run.
struct RunParts {
  const ModelConfig& config;
  const ModelShard& shard;
  Dtype dtype;
  ModelRunner& runner;
  BlockManager& blocks;
  Communicator& comm;
};

/// One workload from its first request to its last token: the loop of arrive, schedule, run, commit, and the
/// records of it. Everything is allocated by the constructor; however it ends, its blocks are given back.
class ServingRun {
 public:
  ServingRun(const RunParts& parts, const EngineOptions& options, const EngineSizes& sizes,
             std::span<const Request> requests);

  RunResult serve(const Execution& execution, const std::function<void(const StepRecord&)>& after_step);

 private:
  double now() const;
  void arrive(double now_s);
  void wait_for_arrival(double now_s);
  void step(const Execution& execution, double start_s);
  void note_starts(const StepPlan& plan, double start_s);
  void note_tokens(const StepPlan& plan, std::span<const std::int32_t> next_tokens, double time_s);
  double prefill_flops_share(const StepPlan& plan) const;

  RunParts parts_;
  std::vector<Sequence> sequences_;
  std::unique_ptr<Scheduler>
      scheduler_;  // after sequences_: it is destroyed first and gives their blocks back
  Arrivals arrivals_;
  RunResult result_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace tpscale
