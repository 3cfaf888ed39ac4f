#pragma once
#include <cstdint>
#include <vector>

#include "model/config.h"

namespace tpscale {

/// Rotary frequencies of a model, [head_dim / 2], as transformers 4.57 computes them: in fp32, because the
/// reference multiplies fp32 frequencies with positions. `sequence_len` matters to `dynamic` alone: its base
/// grows with a sequence that is longer than max_position_embeddings.
struct RopeFrequencies {
  std::vector<float> inverse;  ///< radians a position
  double scale = 1.0;          ///< of cosines and sines (yarn's attention factor)
};
RopeFrequencies rope_frequencies(const ModelConfig& config, std::int64_t sequence_len);

/// The row of a RotaryTable for one position: cosines, then sines; out [head_dim].
void write_rope_row(const RopeFrequencies& frequencies, std::int64_t position, float* out);

}  // namespace tpscale
