#include "engine/compressed_inputs.h"

#include <algorithm>
#include <numeric>

namespace tpscale {
namespace {

constexpr auto narrow(std::int64_t value) noexcept {
  return static_cast<std::int32_t>(value);
}
/// Arrays begin at multiples of 16 bytes.
constexpr std::size_t after(std::size_t place, std::size_t count) noexcept {
  return (place + count + 3) / 4 * 4;
}

std::size_t size_of_inputs(const CompressedLength& length,
                           std::span<const std::optional<LayerGroup>> groups) {
  const auto tokens = static_cast<std::size_t>(length.first_pass);
  std::size_t size = after(after(after(0, tokens), tokens), 2);  // token ids, rotary rows, cu_seqlens_q
  for (const auto& group : groups) {
    if (!group) continue;
    size = after(after(size, tokens), 1);  // slots, context length
    size = after(size, static_cast<std::size_t>(group->cache.shape().num_blocks));
  }
  return size;
}

}  // namespace

CompressedInputs::CompressedInputs(Backend& backend, const CompressedLength& length,
                                   std::span<const std::optional<LayerGroup>> groups)
    : backend_(backend),
      host_(size_of_inputs(length, groups)),
      positions_(static_cast<std::size_t>(length.first_pass)),
      lengths_(positions_.size()),
      slots_(positions_.size()) {
  device_ = backend.allocate(host_.size() * sizeof(std::int32_t), MemoryKind::kActivations);
}

BatchView CompressedInputs::write(std::span<const std::int32_t> tokens, std::int64_t first,
                                  std::int64_t length, Transformer& transformer,
                                  std::span<std::optional<LayerGroup>> groups, std::span<LayerCache> layers,
                                  void* rotated) {
  const std::size_t count = tokens.size();
  const auto positions = std::span(positions_).first(count);
  const auto lengths = std::span(lengths_).first(count);
  std::iota(positions.begin(), positions.end(), narrow(first));
  std::ranges::fill(lengths, narrow(length));
  place_ = 0;
  BatchView batch;
  batch.num_tokens = batch.max_query_len = static_cast<std::int64_t>(count);
  batch.num_sequences = batch.num_logits = 1;
  batch.token_ids = put(tokens);
  const auto rows = std::span(host_).subspan(place_, count);
  batch.rope_rows = put(positions);
  transformer.rope_rows(positions, lengths, rows);
  const std::array<std::int32_t, 2> bounds{0, narrow(batch.num_tokens)};
  batch.cu_seqlens_q = put(bounds);
  for (auto& group : groups) {
    if (group) enter(*group, batch, layers, rotated);
  }
  backend_.upload(device_.data(), host_.data(), place_ * sizeof(std::int32_t));
  return batch;
}

std::int32_t* CompressedInputs::put(std::span<const std::int32_t> values) {
  std::ranges::copy(values, host_.begin() + static_cast<std::ptrdiff_t>(place_));
  auto* const device = device_.as<std::int32_t>() + place_;
  place_ = after(place_, values.size());
  return device;
}

void CompressedInputs::enter(LayerGroup& group, const BatchView& batch, std::span<LayerCache> layers,
                             void* rotated) {
  const auto slots = std::span(slots_).first(static_cast<std::size_t>(batch.num_tokens));
  group.cache.append(slots);
  BatchView seen = batch;
  seen.slot_mapping = put(slots);
  const std::array<std::int32_t, 1> context{narrow(group.cache.count())};
  seen.context_lens = put(context);
  seen.block_tables = put(group.cache.block_table());
  seen.max_blocks = static_cast<std::int64_t>(group.cache.block_table().size());
  seen.max_context_len = group.cache.count();
  for (std::size_t i = 0; i < group.layers.size(); ++i) {
    const KvLayerView& kv = group.cache.layers()[i];
    group.cached[i] = {kv, seen.block_tables, group.cache.count()};
    layers[static_cast<std::size_t>(group.layers[i])] = {kv, seen, rotated};
  }
}

}  // namespace tpscale
