#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "engine/graph_facts.h"
#include "engine/options.h"
#include "kv/kv_cache.h"
#include "model/cost.h"
#include "model/execution.h"
#include "model/model_source.h"
#include "model/shard.h"

namespace tpscale {

struct Request {
  std::vector<std::int32_t> prompt;  ///< at least one token
  std::int64_t max_new_tokens = 0;   ///< at least one; end-of-sequence is ignored
  double arrival_s = 0.0;            ///< after the start of the run
};

/// What became of one request. Times are seconds after the start of the run on this rank's steady clock.
struct RequestResult {
  std::vector<std::int32_t> tokens;   ///< generated, in order
  std::vector<double> token_times_s;  ///< when each was known on the host
  double arrival_s = 0.0;
  double prefill_start_s = 0.0;  ///< begin of the first step that computed some of its prompt
  std::int64_t cached_prompt_tokens = 0;
  std::int64_t preemptions = 0;
};

/// One forward pass. Where a step is enqueued while the one before it runs, its seconds begin when that one's
/// tokens are known: the records of a run never overlap, and host work that the device hides is in none.
struct StepRecord {
  double start_s = 0.0;             ///< after the start of the run
  double schedule_seconds = 0.0;    ///< host: choosing the batch and writing its inputs
  double forward_seconds = 0.0;     ///< until the tokens are known on the host
  double enqueue_seconds = 0.0;     ///< host: copying its inputs and enqueueing it, until the last launch
                                    ///< returned; all of the step where the device does not work alone
  std::int64_t prefill_tokens = 0;  ///< prompt (or recomputed) tokens
  std::int64_t decode_tokens = 0;   ///< one a decoding sequence
  std::int64_t num_sequences = 0;
  StepShape shape;
  double prefill_flops_share =
      0.0;             ///< of a mixed step: model FLOPs of its prefill part; 1 or 0 of a pure one
  bool graph = false;  ///< it was replayed from a graph
  std::int64_t kv_blocks_used = 0;  ///< held by running sequences during the step
  std::int64_t kv_slots_used = 0;   ///< tokens they have in the cache after it; what sequences share counts
                                    ///< once for each
};

struct RunResult {
  std::vector<RequestResult> requests;  ///< in the order they were given
  std::vector<StepRecord> steps;
  double wall_seconds = 0.0;
  double idle_seconds = 0.0;  ///< nothing to do before the next arrival
  std::int64_t prompt_tokens_computed =
      0;  ///< for the first time; with the cached ones exactly all prompt tokens
  std::int64_t prompt_tokens_cached = 0;
  std::int64_t prompt_tokens_looked_up = 0;  ///< 0 with the prefix cache off
  std::int64_t recomputed_tokens = 0;        ///< computed again after preemptions
  std::int64_t preemptions = 0;
};

/// One position of a text judged by the model: the prediction for token i+1 from tokens 0..i.
struct TokenScore {
  double nll = 0.0;       ///< -ln p(target), logsumexp in fp32 or better
  std::int32_t best = 0;  ///< arg-max, lowest index on ties
  float target_logit = 0.0F;
  float best_logit = 0.0F;
  float margin = 0.0F;  ///< best logit - second best
};

/// How much an engine must hold, worked out before anything is allocated (0 in EngineOptions: taken from
/// here).
struct EngineSizes {
  std::int64_t max_model_len = 0;
  std::int64_t max_step_tokens = 0;  ///< most tokens of a step that the requests can ever fill
  std::int64_t max_num_seqs = 0;
  std::int64_t max_logits = 0;
  std::int64_t num_kv_blocks = 0;
  std::int64_t block_size = 0;
  std::int64_t weight_bytes = 0, kv_bytes = 0, activation_bytes = 0;  ///< predicted for this rank
};
/// Throws UsageError where the options are impossible or cannot hold the requests (a prompt longer than
/// max_model_len, a pool smaller than one sequence), or a request is not one (no prompt, a token outside the
/// vocabulary). Bytes are those of compute_dtype().
EngineSizes plan_sizes(const ModelConfig& config, const ModelShard& shard, const EngineOptions& options,
                       std::span<const Request> requests);
/// The same for an engine that only scores texts of up to `text_length` tokens.
EngineSizes plan_scoring_sizes(const ModelConfig& config, const ModelShard& shard,
                               const EngineOptions& options, std::int64_t text_length);
/// What to compute in: options.dtype, or what the model's files hold. Throws UsageError.
Dtype compute_dtype(const ModelConfig& config, const EngineOptions& options);
/// The same; throws NotAvailableError that lists the backend's dtypes where it is not among them.
Dtype choose_dtype(const Backend& backend, const ModelConfig& config, const EngineOptions& options);

class CompressedSequence;
struct CompressedLength;
class EvictionPolicy;

/// How much of the pool is in use at this moment: written by the run, read from any thread.
struct KvUse {
  std::atomic<std::int64_t> blocks{0};  ///< held by running sequences
  std::atomic<std::int64_t> slots{0};   ///< tokens they have in the cache
};

/// One rank's serving engine: scheduler, block manager, KV cache and model. Deterministic: every rank of a
/// group, given the same requests, runs the same steps and reads the same tokens; only arrivals are decided
/// by rank 0's clock and told to the others once a step (and only when some request arrives later than 0).
class Engine {
 public:
  Engine(Backend& backend, Communicator& comm, const ModelSource& source, const ModelShard& shard,
         const EngineOptions& options, const EngineSizes& sizes);
  ~Engine();
  /// Another engine on the same weights (of the same dtype), with a KV pool, buffers and graphs of its own:
  /// the other arm of a comparison.
  std::unique_ptr<Engine> sibling(const EngineOptions& options, const EngineSizes& sizes) const;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Serves all requests to their end. `execution`: what the steps run on (pass decorators for an
  /// instrumented run, which takes one step after the other and no graphs); defaults to the plain ops and
  /// communicator. `after_step` is called once a step, when its tokens are known (progress, interrupt).
  RunResult run(std::span<const Request> requests);
  RunResult run(std::span<const Request> requests, const Execution& execution,
                const std::function<void(const StepRecord&)>& after_step = {});

  /// What a run would else begin with, outside its clock: takes the communicator's memory for messages and
  /// captures the decode graphs. Collective over the group; does nothing the second time.
  void warm_up();
  /// Lets the device time its ways to compute the linear layers of decode steps (at the sizes of the graphs)
  /// and of the largest prefill step. For measurements only: it takes seconds. Before warm_up(): what is
  /// recorded stays as it is. Not collective.
  void tune();
  /// The decode graphs: whether there are any or why not, and after warm_up() what they cost.
  const GraphFacts& graph_facts() const noexcept;
  /// Later runs with or without the graphs this engine has: the two arms of a comparison. Throws
  /// NotAvailableError where it has none.
  void use_graphs(bool on);
  /// Later runs with or without enqueueing a step while the one before it runs.
  void use_run_ahead(bool on) noexcept;
  /// Later runs with or without the prefix cache, by that scheduler. Between runs; what is cached is
  /// forgotten. Throw UsageError as validate() does.
  void use_prefix_cache(bool on);
  void use_scheduler(const std::string& name);
  bool runs_ahead() const noexcept;

  /// Scores of tokens[1..]: nll[i] is that of token i+1. One uncut forward where the text fits a step, else
  /// chunks through the cache. Throws UsageError where it is longer than max_model_len. Leaves no block in
  /// use and none to be found; a cached prefix whose block it borrowed is forgotten.
  std::vector<TokenScore> score(std::span<const std::int32_t> tokens);

  /// A sequence on the same weights, with a KV pool of its own that `policy` cuts (compressed_sequence.h).
  /// The engine outlives it.
  std::unique_ptr<CompressedSequence> compressed(const EvictionPolicy& policy,
                                                 const CompressedLength& length) const;

  /// Forgets all cached prefixes; checks that no block is in use.
  void flush_prefix_cache();
  std::int64_t cached_blocks() const noexcept;  ///< blocks that keep a key
  std::int64_t free_blocks() const noexcept;
  const EngineSizes& sizes() const noexcept;
  const EngineOptions& options() const noexcept;
  const KvUse& kv_use() const noexcept;
  /// For tests of what a comparison must catch: later tokens of sequences that found some of their prompt in
  /// the prefix cache are rotated as if they stood so many places further.
  void displace_after_prefix_hit(std::int64_t positions) noexcept;
  const KvCache& kv_cache() const noexcept;

 private:
  struct Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tpscale
