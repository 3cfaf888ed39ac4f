#include "engine/engine.h"

#include "core/check.h"
#include "core/error.h"
#include "engine/compressed_sequence.h"
#include "engine/engine_parts.h"
#include "engine/request_check.h"
#include "engine/serving_run.h"

namespace tpscale {

Dtype compute_dtype(const ModelConfig& config, const EngineOptions& options) {
  return options.dtype.empty() ? config.dtype : parse_dtype(options.dtype);
}

Dtype choose_dtype(const Backend& backend, const ModelConfig& config, const EngineOptions& options) {
  const Dtype wanted = compute_dtype(config, options);
  if (backend.supports(wanted)) return wanted;
  std::string known;
  for (const Dtype dtype : {Dtype::kF32, Dtype::kBF16, Dtype::kF16}) {
    if (backend.supports(dtype)) known += (known.empty() ? "" : ", ") + std::string(to_string(dtype));
  }
  throw NotAvailableError("backend '" + std::string(backend.name()) + "' does not compute in " +
                          std::string(to_string(wanted)) + " here; choose --dtype among: " + known);
}

namespace {

KvShape kv_shape(const ModelConfig& config, const ModelShard& shard, const EngineSizes& sizes, Dtype dtype) {
  return {.num_layers = config.num_layers,
          .num_kv_heads = shard.num_kv_heads,
          .head_dim = config.head_dim,
          .num_blocks = sizes.num_kv_blocks,
          .block_size = sizes.block_size,
          .dtype = dtype};
}

KvLayout kv_layout(const EngineOptions& options) {
  return options.kv_layout == "block-major" ? KvLayout::kBlockMajor : KvLayout::kLayerMajor;
}

StepLimits step_limits(const EngineSizes& sizes) {
  return {.max_tokens = sizes.max_step_tokens,
          .max_sequences = sizes.max_num_seqs,
          .max_blocks = blocks_for(sizes.max_model_len, sizes.block_size),
          .block_size = sizes.block_size,
          .max_model_len = sizes.max_model_len};
}

bool wants_run_ahead(Backend& backend, const EngineOptions& options) {
  return options.run_ahead == "auto" ? backend.stream().native() != nullptr : options.run_ahead == "on";
}

}  // namespace

BlockPolicy block_policy(const EngineOptions& options, const EngineSizes& sizes) {
  const bool contiguous = options.kv_memory == "contiguous";
  return {.prefix_cache = options.prefix_cache,
          .blocks_at_once = contiguous ? blocks_for(sizes.max_model_len, sizes.block_size) : 1};
}

Engine::Parts::Parts(Backend& backend_, Communicator& comm_, const ModelSource& source,
                     const ModelShard& shard, const EngineOptions& options_, const EngineSizes& sizes_,
                     Dtype dtype)
    : backend(backend_),
      comm(comm_),
      options(options_),
      sizes(sizes_),
      transformer(backend_, source, shard, dtype, sizes_.max_step_tokens, sizes_.max_logits,
                  sizes_.max_model_len),
      cache(backend_, kv_shape(source.config(), shard, sizes_, dtype), kv_layout(options_)),
      blocks(sizes_.num_kv_blocks, sizes_.block_size, block_policy(options_, sizes_)),
      runner(backend_, transformer, cache, step_limits(sizes_)),
      graph_choice(choose_graphs(backend_, comm_, options_.cuda_graphs)),
      graphs(graph_choice.on),
      run_ahead(wants_run_ahead(backend_, options_)) {}

Engine::Parts::Parts(const Parts& other, const EngineOptions& options_, const EngineSizes& sizes_)
    : backend(other.backend),
      comm(other.comm),
      options(options_),
      sizes(sizes_),
      transformer(other.transformer, sizes_.max_step_tokens, sizes_.max_logits, sizes_.max_model_len),
      cache(backend, kv_shape(transformer.config(), transformer.shard(), sizes_, transformer.dtype()),
            kv_layout(options_)),
      blocks(sizes_.num_kv_blocks, sizes_.block_size, block_policy(options_, sizes_)),
      runner(backend, transformer, cache, step_limits(sizes_)),
      graph_choice(choose_graphs(backend, comm, options_.cuda_graphs)),
      graphs(graph_choice.on),
      run_ahead(wants_run_ahead(backend, options_)) {}

Engine::Engine(Backend& backend, Communicator& comm, const ModelSource& source, const ModelShard& shard,
               const EngineOptions& options, const EngineSizes& sizes) {
  validate(options);
  parts_ = std::make_unique<Parts>(backend, comm, source, shard, options, sizes,
                                   choose_dtype(backend, source.config(), options));
}

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

std::unique_ptr<Engine> Engine::sibling(const EngineOptions& options, const EngineSizes& sizes) const {
  validate(options);
  const Dtype dtype = parts_->transformer.dtype();
  check(options.dtype.empty() || parse_dtype(options.dtype) == dtype,
        "a sibling shares weights of one dtype");
  return std::unique_ptr<Engine>(new Engine(std::make_unique<Parts>(*parts_, options, sizes)));
}

Engine::~Engine() = default;

std::unique_ptr<CompressedSequence> Engine::compressed(const EvictionPolicy& policy,
                                                       const CompressedLength& length) const {
  return std::make_unique<CompressedSequence>(parts_->backend, parts_->comm, parts_->transformer, policy,
                                              length);
}

RunResult Engine::run(std::span<const Request> requests) {
  return run(requests, parts_->plain_execution());
}

RunResult Engine::run(std::span<const Request> requests, const Execution& execution,
                      const std::function<void(const StepRecord&)>& after_step) {
  Parts& parts = *parts_;
  const ModelConfig& config = parts.transformer.config();
  check_requests(requests, config.vocab_size, parts.sizes);
  warm_up();
  const bool plain = parts.plain(execution);
  const RunParts run_parts{.config = config,
                           .shard = parts.transformer.shard(),
                           .dtype = parts.transformer.dtype(),
                           .backend = parts.backend,
                           .runner = parts.runner,
                           .blocks = parts.blocks,
                           .kv_use = parts.kv_use,
                           .comm = parts.comm,
                           .graphs = plain && parts.graphs,
                           .run_ahead = plain && parts.run_ahead};
  return ServingRun(run_parts, parts.options, parts.sizes, requests).serve(execution, after_step);
}

void Engine::warm_up() {
  Parts& parts = *parts_;
  if (parts.warm) return;
  parts.transformer.take_message_memory(parts.comm);
  if (parts.graph_choice.on) parts.runner.capture(parts.plain_execution());
  parts.warm = true;
}

void Engine::tune() {
  Parts& parts = *parts_;
  check(!parts.warm, "an engine is tuned before its steps are recorded");
  for (const std::int64_t size : graph_buckets(parts.sizes.max_num_seqs)) parts.transformer.tune(size, size);
  parts.transformer.tune(parts.sizes.max_step_tokens, 0);
}

const GraphFacts& Engine::graph_facts() const noexcept {
  return parts_->graph_choice.on && parts_->warm ? parts_->runner.graph_facts() : parts_->graph_choice;
}

void Engine::use_graphs(bool on) {
  if (on && !parts_->graph_choice.on) {
    throw NotAvailableError("this engine has no decode graphs: " + parts_->graph_choice.reason);
  }
  parts_->graphs = on;
}

void Engine::use_run_ahead(bool on) noexcept {
  parts_->run_ahead = on;
}
bool Engine::runs_ahead() const noexcept {
  return parts_->run_ahead;
}

void Engine::use_prefix_cache(bool on) {
  Parts& parts = *parts_;
  EngineOptions options = parts.options;
  options.prefix_cache = on;
  validate(options);
  check(parts.blocks.free_blocks() == parts.blocks.usable_blocks(),
        "the prefix cache is switched between runs");
  parts.options = options;
  parts.blocks =
      BlockManager(parts.sizes.num_kv_blocks, parts.sizes.block_size, block_policy(options, parts.sizes));
}

void Engine::use_scheduler(const std::string& name) {
  EngineOptions options = parts_->options;
  options.scheduler = name;
  validate(options);
  parts_->options = options;
}

void Engine::displace_after_prefix_hit(std::int64_t positions) noexcept {
  parts_->runner.displace_after_prefix_hit(positions);
}

const KvUse& Engine::kv_use() const noexcept {
  return parts_->kv_use;
}
const EngineOptions& Engine::options() const noexcept {
  return parts_->options;
}

void Engine::flush_prefix_cache() {
  parts_->blocks.flush();
}
std::int64_t Engine::cached_blocks() const noexcept {
  return parts_->blocks.cached_blocks();
}
std::int64_t Engine::free_blocks() const noexcept {
  return parts_->blocks.free_blocks();
}
const EngineSizes& Engine::sizes() const noexcept {
  return parts_->sizes;
}
const KvCache& Engine::kv_cache() const noexcept {
  return parts_->cache;
}

}  // namespace tpscale
