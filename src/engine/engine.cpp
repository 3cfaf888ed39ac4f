#include "engine/engine.h"

#include "core/check.h"
#include "core/error.h"
#include "engine/engine_parts.h"
#include "engine/request_check.h"
#include "engine/serving_run.h"

namespace tpscale {

Dtype choose_dtype(const Backend& backend, const ModelConfig& config, const EngineOptions& options) {
  const Dtype wanted = options.dtype.empty() ? config.dtype : parse_dtype(options.dtype);
  if (backend.supports(wanted)) return wanted;
  if (options.dtype.empty() && backend.supports(Dtype::kF32)) return Dtype::kF32;
  std::string known;
  for (const Dtype dtype : {Dtype::kF32, Dtype::kBF16, Dtype::kF16}) {
    if (backend.supports(dtype)) known += (known.empty() ? "" : ", ") + std::string(to_string(dtype));
  }
  throw NotAvailableError("backend '" + std::string(backend.name()) + "' does not compute in " +
                          std::string(to_string(wanted)) + "; choose --dtype among: " + known);
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
      cache(backend_, {.num_layers = source.config().num_layers,
                       .num_kv_heads = shard.num_kv_heads,
                       .head_dim = source.config().head_dim,
                       .num_blocks = sizes_.num_kv_blocks,
                       .block_size = sizes_.block_size,
                       .dtype = dtype}),
      blocks(sizes_.num_kv_blocks, sizes_.block_size, options_.prefix_cache),
      runner(backend_, transformer, cache,
             {.max_tokens = sizes_.max_step_tokens,
              .max_sequences = sizes_.max_num_seqs,
              .max_blocks = blocks_for(sizes_.max_model_len, sizes_.block_size),
              .block_size = sizes_.block_size,
              .max_model_len = sizes_.max_model_len}),
      graph_choice(choose_graphs(backend_, comm_, options_.cuda_graphs)),
      graphs(graph_choice.on),
      run_ahead(options_.run_ahead == "auto" ? backend_.stream().native() != nullptr
                                             : options_.run_ahead == "on") {}

Engine::Engine(Backend& backend, Communicator& comm, const ModelSource& source, const ModelShard& shard,
               const EngineOptions& options, const EngineSizes& sizes) {
  validate(options);
  parts_ = std::make_unique<Parts>(backend, comm, source, shard, options, sizes,
                                   choose_dtype(backend, source.config(), options));
}

Engine::~Engine() = default;

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
