#pragma once
#include <cstdint>
#include <vector>

#include "core/dtype.h"
#include "engine/engine.h"
#include "model/config.h"

namespace tpscale {

/// What a whole run must do and move by the model's own count; a value a rank where ranks can differ.
struct RunCost {
  std::vector<double> prefill_flops;  ///< of pure prefill steps and the prefill share of mixed ones
  std::vector<double>
      decode_bytes;               ///< weights and KV of pure decode steps, and the decode share of mixed ones
  double all_reduce_bytes = 0.0;  ///< messages of all steps, as one rank sends them
  double all_gather_bytes = 0.0;  ///< gathered logits of all steps
  std::int64_t prefill_tokens = 0;  ///< prompt tokens computed
  std::int64_t decode_tokens = 0;   ///< output tokens after the first
  std::int64_t output_tokens = 0;
  std::int64_t largest_prefill_step = 0;  ///< tokens
  std::int64_t largest_decode_step = 0;   ///< tokens
};

RunCost run_cost(const ModelConfig& config, Dtype dtype, int degree, const RunResult& result);

}  // namespace tpscale
