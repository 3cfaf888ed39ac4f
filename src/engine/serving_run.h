#pragma once
#include <array>
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
  Backend& backend;
  ModelRunner& runner;
  BlockManager& blocks;
  KvUse& kv_use;
  Communicator& comm;
  bool graphs = false;     ///< decode steps run as the graphs that the runner has
  bool run_ahead = false;  ///< a step is planned and enqueued while the one before it runs
};

/// One workload from its first request to its last token: the loop of arrive, schedule, enqueue, learn, and
/// the records of it. Plans do not depend on the values of tokens, so with `run_ahead` they are the same
/// steps as without, planned one step earlier. Everything is allocated by the constructor; however it ends,
/// its blocks are given back.
class ServingRun {
 public:
  ServingRun(const RunParts& parts, const EngineOptions& options, const EngineSizes& sizes,
             std::span<const Request> requests);

  RunResult serve(const Execution& execution, const std::function<void(const StepRecord&)>& after_step);

 private:
  /// A step that was enqueued and whose tokens the host may not know yet.
  struct Flight {
    StepRecord record;
    double enqueue_s = 0.0;  ///< when its enqueueing began
    HostFetch* tokens = nullptr;
    std::vector<Sequence*> started;  ///< whose prompts it is the first to compute some of
    std::vector<Sequence*> sampled;  ///< whose tokens it chooses
  };
  double now() const;
  void arrive(double now_s);
  void wait_for_arrival(double now_s);
  void step(const Execution& execution, double start_s);
  void enqueue(const Execution& execution, double start_s, Flight& flight);
  void land();  ///< waits for the step in flight
  void settle(Flight& flight, double known_s);
  double prefill_flops_share(const StepPlan& plan) const;

  RunParts parts_;
  std::vector<Sequence> sequences_;
  std::unique_ptr<Scheduler>
      scheduler_;  // after sequences_: it is destroyed first and gives their blocks back
  Arrivals arrivals_;
  std::array<Flight, 2> flights_;
  std::size_t turn_ = 0;
  Flight* in_flight_ = nullptr;
  double attributed_s_ = 0.0;  ///< up to here the wall belongs to records
  std::function<void(const StepRecord&)> after_step_;
  RunResult result_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace tpscale
