#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

#include "core/error.h"
#include "engine/engine.h"
#include "engine/request_check.h"
#include "engine/step_layout.h"
#include "kv/block_manager.h"

namespace tpscale {
namespace {

constexpr std::int64_t kScoringLogitsBytes = 32 << 20;  // logits of a chunk when texts are scored

std::int64_t sum_of_largest(std::vector<std::int64_t> values, std::int64_t count) {
  std::ranges::sort(values, std::greater{});
  const auto end = values.begin() + std::min(count, static_cast<std::int64_t>(values.size()));
  return std::accumulate(values.begin(), end, std::int64_t{0});
}

/// Rotated positions go on beyond what a model was trained on; a table of positions ends.
void require_positions(const ModelConfig& config, std::int64_t longest) {
  if (!config.learned_positions || longest <= config.max_position_embeddings) return;
  throw UsageError("model '" + config.name + "' has " + std::to_string(config.max_position_embeddings) +
                   " learned positions, a sequence of " + std::to_string(longest) +
                   " tokens needs more; shorten it or lower --max-model-len");
}

void predict_bytes(EngineSizes& sizes, const ModelConfig& config, const ModelShard& shard, Dtype dtype) {
  if (sizes.num_kv_blocks > std::numeric_limits<std::int32_t>::max() / sizes.block_size) {
    throw UsageError(
        "a KV pool of " + std::to_string(sizes.num_kv_blocks) + " blocks of " +
        std::to_string(sizes.block_size) +
        " tokens has more than 2^31 slots; lower --num-kv-blocks, --max-num-seqs or --max-model-len");
  }
  require_positions(config, sizes.max_model_len);
  sizes.weight_bytes = weight_bytes(config, shard, dtype);
  sizes.kv_bytes = sizes.num_kv_blocks * sizes.block_size * kv_bytes_per_token(config, shard, dtype);
  // As the Transformer holds them: residual, normed and partial; QKV or gate and up; attention output or
  // their product; rows and gathered logits of the head; the rotary table. Then the step's inputs.
  const std::int64_t q = shard.num_heads * config.head_dim;
  const std::int64_t qkv = q + 2 * shard.num_kv_heads * config.head_dim;
  const std::int64_t token = 3 * config.hidden_size +
                             std::max(qkv, (config.gated_mlp() ? 2 : 1) * shard.intermediate_size) +
                             std::max(q, shard.intermediate_size);
  const std::int64_t logits = config.hidden_size + shard.tp_size * shard.vocab_size;
  const bool dynamic = config.rope.scaling == RopeScaling::kDynamic;
  const std::int64_t rotary =
      (sizes.max_model_len + (dynamic ? sizes.max_step_tokens : 0)) * config.rotary_dim();
  const StepLayout layout(sizes.max_step_tokens, sizes.max_num_seqs, sizes.max_num_seqs,
                          blocks_for(sizes.max_model_len, sizes.block_size));
  const std::int64_t inputs = layout.total + sizes.max_num_seqs;  // and the tokens that a step chooses
  sizes.activation_bytes = (sizes.max_step_tokens * token + sizes.max_logits * logits) *
                               static_cast<std::int64_t>(size_of(dtype)) +
                           (rotary + inputs) * static_cast<std::int64_t>(sizeof(std::int32_t));
}

}  // namespace

EngineSizes plan_sizes(const ModelConfig& config, const ModelShard& shard, const EngineOptions& options,
                       std::span<const Request> requests) {
  validate(options);
  if (requests.empty()) throw UsageError("there are no requests to plan for; give at least one");
  EngineSizes sizes;
  sizes.block_size = options.block_size;
  sizes.max_model_len = options.max_model_len;
  sizes.max_num_seqs = std::min(
      {options.max_num_seqs, options.max_num_batched_tokens, static_cast<std::int64_t>(requests.size())});
  sizes.max_logits = sizes.max_num_seqs;

  std::vector<std::int64_t> prompts;
  std::vector<std::int64_t> stored;  // tokens of a sequence in the cache at its longest
  std::vector<std::int64_t> blocks;
  blocks.reserve(requests.size());
  for (const Request& request : requests) {
    const auto prompt = static_cast<std::int64_t>(request.prompt.size());
    if (options.max_model_len == 0)
      sizes.max_model_len = std::max(sizes.max_model_len, prompt + request.max_new_tokens);
    prompts.push_back(prompt);
    stored.push_back(prompt + request.max_new_tokens - 1);
  }
  for (const std::int64_t tokens : stored) {
    blocks.push_back(options.kv_memory == "contiguous" ? blocks_for(sizes.max_model_len, options.block_size)
                                                       : blocks_for(tokens, options.block_size));
  }
  const std::int64_t enough_blocks = sum_of_largest(blocks, sizes.max_num_seqs);
  sizes.num_kv_blocks = options.num_kv_blocks > 0 ? options.num_kv_blocks : enough_blocks;
  if (const std::int64_t piece = blocks.front();
      options.kv_memory == "contiguous" && piece <= sizes.num_kv_blocks) {
    sizes.num_kv_blocks -= sizes.num_kv_blocks % piece;  // a rest that is no whole piece serves nobody
  }
  check_requests(requests, config.vocab_size, sizes);
  if (blocks.front() > sizes.num_kv_blocks && options.kv_memory == "contiguous") {
    throw UsageError("a contiguous piece of " + std::to_string(blocks.front()) +
                     " blocks does not fit a KV pool of " + std::to_string(sizes.num_kv_blocks) +
                     "; raise --num-kv-blocks or lower --max-model-len");
  }

  // Only a pool that may run short makes a step compute generated tokens again.
  const bool may_preempt = sizes.num_kv_blocks < enough_blocks;
  const std::int64_t most_tokens = sum_of_largest(may_preempt ? stored : prompts, sizes.max_num_seqs);
  sizes.max_step_tokens = std::max(std::min(options.max_num_batched_tokens, most_tokens), sizes.max_num_seqs);
  predict_bytes(sizes, config, shard, compute_dtype(config, options));
  return sizes;
}

EngineSizes plan_scoring_sizes(const ModelConfig& config, const ModelShard& shard,
                               const EngineOptions& options, std::int64_t text_length) {
  validate(options);
  const Dtype dtype = compute_dtype(config, options);
  const std::int64_t inputs = std::max<std::int64_t>(text_length - 1, 1);  // the last token is only predicted
  const std::int64_t logits_row =
      shard.tp_size * shard.vocab_size * static_cast<std::int64_t>(size_of(dtype));
  EngineSizes sizes;
  sizes.block_size = options.block_size;
  sizes.max_model_len = options.max_model_len > 0 ? options.max_model_len : text_length;
  if (text_length < 1 || text_length > sizes.max_model_len) {
    throw UsageError("a text of " + std::to_string(text_length) +
                     " tokens does not fit the longest sequence, " + std::to_string(sizes.max_model_len) +
                     "; raise --max-model-len or shorten the text");
  }
  sizes.max_num_seqs = 1;
  sizes.max_step_tokens = std::min(inputs, options.max_num_batched_tokens);
  sizes.max_logits = std::clamp<std::int64_t>(kScoringLogitsBytes / logits_row, 1, sizes.max_step_tokens);
  const std::int64_t blocks = blocks_for(inputs, options.block_size);
  sizes.num_kv_blocks = options.num_kv_blocks > 0 ? options.num_kv_blocks : blocks;
  if (sizes.num_kv_blocks < blocks) {
    throw UsageError("a text of " + std::to_string(text_length) + " tokens does not fit a KV pool of " +
                     std::to_string(sizes.num_kv_blocks) + " blocks of " + std::to_string(sizes.block_size) +
                     " tokens; raise --num-kv-blocks");
  }
  predict_bytes(sizes, config, shard, dtype);
  return sizes;
}

}  // namespace tpscale
