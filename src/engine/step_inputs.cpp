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

StepInputs::Array::Array(Backend& backend, std::int64_t capacity)
    : host(index(capacity)),
      memory(backend.allocate(index(capacity) * sizeof(std::int32_t), MemoryKind::kActivations)) {}

void StepInputs::Array::upload(Backend& backend, std::int64_t count) const {
  if (count > 0) backend.upload(memory.data(), host.data(), index(count) * sizeof(std::int32_t));
}

StepInputs::StepInputs(Backend& backend, const StepLimits& limits)
    : backend_(backend),
      limits_(limits),
      token_ids_(backend, limits.max_tokens),
      rope_rows_(backend, limits.max_tokens),
      slot_mapping_(backend, limits.max_tokens),
      cu_seqlens_q_(backend, limits.max_sequences + 1),
      context_lens_(backend, limits.max_sequences),
      block_tables_(backend, limits.max_sequences * limits.max_blocks),
      logits_rows_(backend, limits.max_sequences),
      positions_(index(limits.max_tokens)),
      rope_lengths_(index(limits.max_tokens)) {
  batch_.max_blocks = limits.max_blocks;
  batch_.token_ids = token_ids_.device();
  batch_.rope_rows = rope_rows_.device();
  batch_.slot_mapping = slot_mapping_.device();
  batch_.cu_seqlens_q = cu_seqlens_q_.device();
  batch_.context_lens = context_lens_.device();
  batch_.block_tables = block_tables_.device();
  batch_.logits_rows = logits_rows_.device();
}

void StepInputs::write_sequence(const ScheduledSequence& item, std::int64_t row, std::int64_t first_token) {
  const Sequence& sequence = *item.sequence;
  const std::int64_t first = sequence.num_computed;
  const std::vector<std::int32_t>& blocks = sequence.blocks.blocks;
  std::copy_n(sequence.tokens.begin() + first, item.num_tokens, token_ids_.host.begin() + first_token);
  std::int64_t block = first / limits_.block_size;
  std::int64_t slot = first % limits_.block_size;
  for (std::int64_t i = 0; i < item.num_tokens; ++i) {
    const std::size_t token = index(first_token + i);
    positions_[token] = narrow(first + i);
    rope_lengths_[token] = narrow(sequence.rope_length(first + i));
    slot_mapping_.host[token] = narrow(blocks[index(block)] * limits_.block_size + slot);
    if (++slot == limits_.block_size) {
      slot = 0;
      ++block;
    }
  }
  context_lens_.host[index(row)] = narrow(first + item.num_tokens);
  cu_seqlens_q_.host[index(row + 1)] = narrow(first_token + item.num_tokens);
  std::ranges::copy(blocks, block_tables_.host.begin() + row * limits_.max_blocks);
}

const BatchView& StepInputs::prepare(const StepPlan& plan, Transformer& transformer) {
  const auto sequences = static_cast<std::int64_t>(plan.items.size());
  const std::int64_t tokens = plan.num_tokens();
  check(tokens <= limits_.max_tokens && sequences <= limits_.max_sequences, "a step larger than its buffers");
  shape_ = prefill_shape_ = {};
  batch_.max_query_len = batch_.max_context_len = 0;
  std::int64_t first_token = 0;
  for (std::int64_t row = 0; row < sequences; ++row) {
    const ScheduledSequence& item = plan.items[index(row)];
    const std::int64_t first = item.sequence->num_computed;
    write_sequence(item, row, first_token);
    first_token += item.num_tokens;
    if (item.samples()) logits_rows_.host[index(shape_.num_logits)] = narrow(first_token - 1);
    add_to(shape_, first, item.num_tokens, item.samples());
    if (item.prefill) add_to(prefill_shape_, first, item.num_tokens, item.samples());
    batch_.max_query_len = std::max(batch_.max_query_len, item.num_tokens);
    batch_.max_context_len = std::max(batch_.max_context_len, first + item.num_tokens);
  }
  transformer.rope_rows(std::span(positions_).first(index(tokens)),
                        std::span(rope_lengths_).first(index(tokens)),
                        std::span(rope_rows_.host).first(index(tokens)));

  batch_.num_tokens = tokens;
  batch_.num_sequences = sequences;
  batch_.num_logits = shape_.num_logits;
  for (const Array* array : {&token_ids_, &rope_rows_, &slot_mapping_}) array->upload(backend_, tokens);
  cu_seqlens_q_.upload(backend_, sequences + 1);
  context_lens_.upload(backend_, sequences);
  block_tables_.upload(backend_, sequences * limits_.max_blocks);
  logits_rows_.upload(backend_, shape_.num_logits);
  return batch_;
}

}  // namespace tpscale
