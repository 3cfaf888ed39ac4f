#include "engine/step_inputs.h"

#include <algorithm>

#include "core/check.h"

namespace tpscale {
namespace {

constexpr auto index(std::int64_t value) noexcept {
  return static_cast<std::size_t>(value);
}
constexpr auto narrow(std::int64_t value) noexcept {
  return static_cast<std::int32_t>(value);
}

/// Query tokens first+1 .. first+count (counted from 1) see as many keys as their number.
void add_to(StepShape& shape, std::int64_t first, std::int64_t count, bool samples) {
  shape.num_tokens += count;
  shape.num_logits += samples ? 1 : 0;
  shape.attention_pairs += count * first + count * (count + 1) / 2;
  shape.context_tokens += first + count;
}

}  // namespace

StepInputs::StepInputs(Backend& backend, const StepLimits& limits)
    : backend_(backend),
      limits_(limits),
      host_(index(StepLayout(limits.max_tokens, limits.max_sequences, limits.max_sequences, limits.max_blocks)
                      .total)),
      memory_(backend.allocate(host_.size() * sizeof(std::int32_t), MemoryKind::kActivations)),
      layout_(0, 0, 0, limits.max_blocks),
      positions_(index(limits.max_tokens)),
      rope_lengths_(index(limits.max_tokens)) {
  batch_.max_blocks = limits.max_blocks;
}

void StepInputs::begin(std::int64_t tokens, std::int64_t sequences, std::int64_t logits) {
  check(tokens <= limits_.max_tokens && sequences <= limits_.max_sequences, "a step larger than its buffers");
  layout_ = StepLayout(tokens, sequences, logits, limits_.max_blocks);
  const auto* device = memory_.as<const std::int32_t>();
  batch_.token_ids = device + layout_.token_ids;
  batch_.rope_rows = device + layout_.rope_rows;
  batch_.slot_mapping = device + layout_.slot_mapping;
  batch_.cu_seqlens_q = device + layout_.cu_seqlens_q;
  batch_.context_lens = device + layout_.context_lens;
  batch_.logits_rows = device + layout_.logits_rows;
  batch_.block_tables = device + layout_.block_tables;
  sources_ = device + layout_.sources;
  batch_.num_tokens = tokens;
  batch_.num_sequences = sequences;
  batch_.num_logits = logits;
  batch_.max_query_len = batch_.max_context_len = 0;
  host_[index(layout_.cu_seqlens_q)] = 0;
  fed_ = false;
  shape_ = prefill_shape_ = {};
}

void StepInputs::write_sequence(const ScheduledSequence& item, std::int64_t row, std::int64_t first_token) {
  const Sequence& sequence = *item.sequence;
  const std::int64_t first = sequence.num_computed;
  const std::int64_t after = first_token + item.num_tokens;
  const std::vector<std::int32_t>& blocks = sequence.blocks.blocks;
  std::int32_t* const ids = host_.data() + layout_.token_ids;
  std::int32_t* const sources = host_.data() + layout_.sources;
  std::int32_t* const slots = host_.data() + layout_.slot_mapping;
  std::copy_n(sequence.tokens.begin() + first, item.num_tokens, ids + first_token);
  std::fill(sources + first_token, sources + after, -1);
  if (sequence.awaits_token() && item.samples()) {  // its last token is known to the device alone
    ids[after - 1] = 0;
    sources[after - 1] = sequence.awaited;
    fed_ = true;
  }
  const std::int64_t displaced = sequence.cached_prompt_tokens > 0 ? displaced_ : 0;
  std::int64_t block = first / limits_.block_size;
  std::int64_t slot = first % limits_.block_size;
  for (std::int64_t i = 0; i < item.num_tokens; ++i) {
    const std::size_t token = index(first_token + i);
    positions_[token] = narrow(first + i + displaced);
    rope_lengths_[token] = narrow(sequence.rope_length(first + i));
    slots[first_token + i] = narrow(blocks[index(block)] * limits_.block_size + slot);
    if (++slot == limits_.block_size) {
      slot = 0;
      ++block;
    }
  }
  host_[index(layout_.context_lens + row)] = narrow(first + item.num_tokens);
  host_[index(layout_.cu_seqlens_q + row + 1)] = narrow(after);
  std::ranges::copy(blocks, host_.begin() + layout_.block_tables + row * limits_.max_blocks);
}

void StepInputs::pad_row(std::int64_t row) {
  host_[index(layout_.token_ids + row)] = 0;
  host_[index(layout_.sources + row)] = -1;
  host_[index(layout_.rope_rows + row)] = 0;
  host_[index(layout_.slot_mapping + row)] = -1;
  host_[index(layout_.cu_seqlens_q + row + 1)] = narrow(row + 1);
  host_[index(layout_.context_lens + row)] = 0;
  host_[index(layout_.logits_rows + row)] = narrow(row);
}

void StepInputs::write(const StepPlan& plan, Transformer& transformer, std::int64_t padded) {
  const auto sequences = static_cast<std::int64_t>(plan.items.size());
  const std::int64_t tokens = plan.num_tokens();
  if (padded > 0) {
    check(plan.prefill_tokens == 0 && padded >= sequences, "only a decode step is padded");
    begin(padded, padded, padded);
  } else {
    const auto samples = [](const ScheduledSequence& item) { return item.samples(); };
    begin(tokens, sequences, std::ranges::count_if(plan.items, samples));
  }
  std::int64_t first_token = 0;
  for (std::int64_t row = 0; row < sequences; ++row) {
    const ScheduledSequence& item = plan.items[index(row)];
    const std::int64_t first = item.sequence->num_computed;
    write_sequence(item, row, first_token);
    first_token += item.num_tokens;
    if (item.samples()) host_[index(layout_.logits_rows + shape_.num_logits)] = narrow(first_token - 1);
    add_to(shape_, first, item.num_tokens, item.samples());
    if (item.prefill) add_to(prefill_shape_, first, item.num_tokens, item.samples());
    batch_.max_query_len = std::max(batch_.max_query_len, item.num_tokens);
    batch_.max_context_len = std::max(batch_.max_context_len, first + item.num_tokens);
  }
  transformer.rope_rows(std::span(positions_).first(index(tokens)),
                        std::span(rope_lengths_).first(index(tokens)),
                        std::span(host_).subspan(index(layout_.rope_rows), index(tokens)));
  for (std::int64_t row = sequences; row < padded; ++row) pad_row(row);
  if (padded > 0) batch_.max_context_len = limits_.max_model_len;
}

void StepInputs::write_padding(std::int64_t rows) {
  begin(rows, rows, rows);
  for (std::int64_t row = 0; row < rows; ++row) pad_row(row);
  batch_.max_query_len = 1;
  batch_.max_context_len = limits_.max_model_len;
}

void StepInputs::upload() {
  backend_.upload(memory_.data(), host_.data(), index(layout_.total) * sizeof(std::int32_t));
}

}  // namespace tpscale
