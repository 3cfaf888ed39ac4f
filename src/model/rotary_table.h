#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/ops.h"
#include "model/config.h"

namespace tpscale {

/// A model's rotary table in device memory: a row a position, and, for `dynamic` scaling, a row a token of
/// the step for sequences that have grown beyond max_position_embeddings (whose base depends on their
/// length).
class RotaryRows {
 public:
  RotaryRows(Backend& backend, const ModelConfig& config, std::int64_t max_positions,
             std::int64_t max_tokens);

  RotaryTable table() const noexcept { return {rows_.as<const float>(), config_.rotary_dim()}; }

  /// See Transformer::rope_rows.
  void rows_of(std::span<const std::int32_t> positions, std::span<const std::int32_t> sequence_lens,
               std::span<std::int32_t> rows);

 private:
  Backend& backend_;
  const ModelConfig& config_;
  std::int64_t max_positions_;
  std::int64_t max_tokens_;
  Buffer rows_;                   ///< [max_positions (+ max_tokens), rotary_dim]
  std::vector<float> step_rows_;  ///< host side of the rows of the step
};

}  // namespace tpscale
