#include "model/rotary_table.h"

#include <algorithm>

#include "core/check.h"
#include "model/rope.h"

namespace tpscale {
namespace {

constexpr std::int64_t kRowsAtOnce = 1024;  // bounds the host side of the table

}  // namespace

RotaryRows::RotaryRows(Backend& backend, const ModelConfig& config, std::int64_t max_positions,
                       std::int64_t max_tokens)
    : backend_(backend), config_(config), max_positions_(max_positions), max_tokens_(max_tokens) {
  const bool dynamic = config.rope.scaling == RopeScaling::kDynamic;
  const std::int64_t dim = config.rotary_dim();
  if (dim == 0) return;  // learned positions: rows are positions, and nothing is rotated
  const std::int64_t total = max_positions + (dynamic ? max_tokens : 0);
  rows_ = backend.allocate(static_cast<std::size_t>(total * dim) * sizeof(float), MemoryKind::kActivations);
  if (dynamic) step_rows_.resize(static_cast<std::size_t>(max_tokens * dim));

  const RopeFrequencies frequencies = rope_frequencies(config, 0);
  std::vector<float> piece(static_cast<std::size_t>(std::min(kRowsAtOnce, max_positions) * dim));
  for (std::int64_t first = 0; first < max_positions; first += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, max_positions - first);
    for (std::int64_t i = 0; i < count; ++i) write_rope_row(frequencies, first + i, piece.data() + i * dim);
    backend.upload(rows_.as<float>() + first * dim, piece.data(),
                   static_cast<std::size_t>(count * dim) * sizeof(float));
    backend.stream().synchronize();  // `piece` is written again
  }
}

void RotaryRows::rows_of(std::span<const std::int32_t> positions, std::span<const std::int32_t> sequence_lens,
                         std::span<std::int32_t> rows) {
  check(positions.size() == rows.size() && sequence_lens.size() == rows.size(), "rope_rows: sizes differ");
  check(static_cast<std::int64_t>(rows.size()) <= max_tokens_, "rope_rows: more tokens than a step may have");
  const auto dim = static_cast<std::size_t>(config_.rotary_dim());
  const bool dynamic = config_.rope.scaling == RopeScaling::kDynamic;
  std::size_t written = 0;
  RopeFrequencies frequencies;
  std::int32_t frequencies_of = 0;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    if (!dynamic || sequence_lens[t] <= config_.max_position_embeddings) {
      check(positions[t] >= 0 && positions[t] < max_positions_, "rope_rows: a position outside the table");
      rows[t] = positions[t];
      continue;
    }
    if (frequencies_of != sequence_lens[t]) {
      frequencies = rope_frequencies(config_, sequence_lens[t]);
      frequencies_of = sequence_lens[t];
    }
    write_rope_row(frequencies, positions[t], step_rows_.data() + written * dim);
    rows[t] = static_cast<std::int32_t>(max_positions_ + static_cast<std::int64_t>(written++));
  }
  if (written == 0) return;
  backend_.upload(rows_.as<float>() + static_cast<std::size_t>(max_positions_) * dim, step_rows_.data(),
                  written * dim * sizeof(float));
}

}  // namespace tpscale
