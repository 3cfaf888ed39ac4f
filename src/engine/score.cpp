#include <algorithm>

#include "core/error.h"
#include "engine/engine_parts.h"
#include "engine/logit_scores.h"
#include "engine/request_check.h"

namespace tpscale {
namespace {

/// Blocks for one text, apart from the prefix cache; given back however the scoring ends.
class BorrowedBlocks {
 public:
  BorrowedBlocks(BlockManager& manager, BlockTable& table, std::int64_t num_tokens)
      : manager_(manager), table_(table) {
    if (!manager.try_grow(table, num_tokens)) {
      throw UsageError("a text of " + std::to_string(num_tokens + 1) + " tokens does not fit the " +
                       std::to_string(manager.free_blocks()) + " free KV blocks; raise --num-kv-blocks");
    }
  }
  ~BorrowedBlocks() { manager_.release(table_); }
  BorrowedBlocks(const BorrowedBlocks&) = delete;
  BorrowedBlocks& operator=(const BorrowedBlocks&) = delete;

 private:
  BlockManager& manager_;
  BlockTable& table_;
};

}  // namespace

std::vector<TokenScore> Engine::score(std::span<const std::int32_t> tokens) {
  Parts& parts = *parts_;
  const ModelConfig& config = parts.transformer.config();
  const auto length = static_cast<std::int64_t>(tokens.size());
  if (length > parts.sizes.max_model_len) {
    throw UsageError("a text of " + std::to_string(length) + " tokens is longer than the longest sequence, " +
                     std::to_string(parts.sizes.max_model_len) +
                     "; raise --max-model-len or shorten the text");
  }
  check_tokens(tokens, config.vocab_size, "the text");
  std::vector<TokenScore> scores;
  if (length < 2) return scores;
  scores.reserve(tokens.size() - 1);

  Sequence text;
  text.tokens.assign(tokens.begin(), tokens.end());
  text.num_prompt_tokens = text.prefill_end = length;
  text.blocks.shareable = false;
  const std::int64_t inputs = length - 1;
  const BorrowedBlocks borrowed(parts.blocks, text.blocks, inputs);
  const Execution execution = parts.plain_execution();
  std::vector<std::byte> host;
  std::vector<float> row;
  StepPlan plan;
  while (text.num_computed < inputs) {
    const std::int64_t step = std::min(inputs - text.num_computed, parts.sizes.max_step_tokens);
    plan.clear();
    plan.add(text, step);
    parts.runner.prepare(plan, false);
    const TensorView hidden = parts.runner.hidden_states(execution);
    for (std::int64_t first = 0; first < step; first += parts.sizes.max_logits) {
      const std::int64_t rows = std::min(step - first, parts.sizes.max_logits);
      const TensorView logits = parts.transformer.logits(execution, hidden.rows_at(first, rows));
      host.resize(logits.bytes());
      parts.backend.download(host.data(), logits.data, logits.bytes());
      const auto targets = tokens.subspan(static_cast<std::size_t>(text.num_computed + first + 1),
                                          static_cast<std::size_t>(rows));
      score_rows({.data = host.data(),
                  .dtype = logits.dtype,
                  .parts = parts.transformer.shard().tp_size,
                  .rows = rows,
                  .cols = logits.cols,
                  .vocab_size = config.vocab_size},
                 targets, row, scores);
    }
    text.num_computed += step;
  }
  return scores;
}

}  // namespace tpscale
