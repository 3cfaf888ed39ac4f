#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/dtype.h"
#include "engine/engine.h"

namespace tpscale {

/// Gathered, vocabulary-split logits in host memory: [parts * rows, cols], part-major; the first vocab_size
/// columns of a row (over all parts) count.
struct HostLogits {
  const std::byte* data = nullptr;
  Dtype dtype = Dtype::kF32;
  std::int64_t parts = 1;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t vocab_size = 0;
};

/// Row i judged by targets[i]. -ln p = logsumexp(logits) - logits[target], exponentials in fp32, their sum in
/// fp64. `row` is scratch space. Appends to `scores`.
void score_rows(const HostLogits& logits, std::span<const std::int32_t> targets, std::vector<float>& row,
                std::vector<TokenScore>& scores);

}  // namespace tpscale
