#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/step_plan.h"
#include "kv/block_manager.h"

namespace tpscale {

struct SchedulerLimits {
  std::int64_t max_num_seqs = 0;     ///< most sequences that run at a time
  std::int64_t max_step_tokens = 0;  ///< most tokens of a step; at least max_num_seqs
};

struct EngineOptions;
struct EngineSizes;
SchedulerLimits scheduler_limits(const EngineOptions& options, const EngineSizes& sizes);

/// Sums over the run, in tokens.
struct SchedulerCounts {
  std::int64_t prompt_tokens_computed = 0;  ///< for the first time
  std::int64_t prompt_tokens_cached = 0;    ///< found in the prefix cache instead; both add up to the prompts
  std::int64_t prompt_tokens_looked_up = 0;  ///< of prompts for which the prefix cache was asked
  std::int64_t recomputed_tokens = 0;        ///< computed again after a preemption
  std::int64_t preemptions = 0;
};

/// Chooses what each step computes. A policy is a subclass that fills the plan; admission, preemption and
/// what follows a step are the same for all of them. Knows no clock and no device: the same calls give the
/// same plans on every rank.
class Scheduler {
 public:
  /// `max_sequences`: how many add() will bring. Sequences must outlive the scheduler.
  Scheduler(BlockManager& blocks, const SchedulerLimits& limits, std::int64_t max_sequences);
  virtual ~Scheduler();  ///< gives back the blocks of what still runs
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void add(Sequence& sequence);  ///< it has arrived
  bool idle() const noexcept { return running_.empty() && !has_waiting(); }

  /// The next step; never empty unless idle. Valid until the next call.
  const StepPlan& schedule();
  /// Moves the sequences past the step, which has been enqueued at least: publishes filled blocks, retires
  /// what is finished, and appends a token that is awaited to each sequence that samples; `sampled` (reserved
  /// for max_num_seqs) gets these, in the order of the step. Every token that this step read is known by now:
  /// a block is published only with known tokens.
  void advance(std::vector<Sequence*>& sampled);
  /// After a step whose tokens are known at once, one for each item that samples: advance() and the tokens.
  void commit(std::span<const std::int32_t> next_tokens);

  const SchedulerCounts& counts() const noexcept { return counts_; }
  /// Tokens that the running sequences have in the cache after the step planned last.
  std::int64_t stored_tokens() const noexcept;

 protected:
  /// Adds to the (empty) plan.
  virtual void fill(StepPlan& plan) = 0;

  const std::vector<Sequence*>& running() const noexcept { return running_; }
  std::int64_t budget() const noexcept { return limits_.max_step_tokens - plan_.num_tokens(); }
  /// Moves the first waiting sequence to the end of the running ones, with blocks for all it has; nullptr
  /// where none waits, too many run, more than `most_to_compute` of its tokens are to be computed, or too few
  /// blocks are free: one is left for each running sequence that will grow, so that whoever comes in is not
  /// the next to be preempted.
  Sequence* admit_next(std::int64_t most_to_compute = std::numeric_limits<std::int64_t>::max());
  /// Plans one token of every running sequence that is past its prefill. When no block is free, the newest
  /// running sequence is preempted: it loses its blocks and waits, ahead of all others, to be computed again.
  void plan_decodes(StepPlan& plan);

 private:
  bool has_waiting() const noexcept { return !preempted_.empty() || next_arrived_ < arrived_.size(); }
  Sequence& first_waiting() const;
  void pop_waiting();
  std::int64_t growing_sequences() const;
  void preempt_newest();
  void account_computed(Sequence& sequence, std::int64_t num_tokens);

  BlockManager& blocks_;
  SchedulerLimits limits_;
  std::vector<Sequence*> arrived_;    ///< all, in order of arrival
  std::size_t next_arrived_ = 0;      ///< first of them that was never admitted
  std::vector<Sequence*> preempted_;  ///< a stack: the last one waits first
  std::vector<Sequence*> running_;    ///< in order of admission
  std::vector<Sequence*> sampled_;    ///< of commit()
  StepPlan plan_;
  SchedulerCounts counts_;
};

/// "separated": a step is prefill only (whenever a prompt waits and fits) or decode only; only its first
/// prompt may be cut into chunks. "mixed": every step decodes, and prefill chunks fill what is left of it.
/// Throws UsageError that lists the names.
std::unique_ptr<Scheduler> make_scheduler(std::string_view name, BlockManager& blocks,
                                          const SchedulerLimits& limits, std::int64_t max_sequences);
std::string scheduler_names();  ///< "separated, mixed"
bool is_scheduler(std::string_view name);

}  // namespace tpscale
