#include "bench/trial/compressed_score.h"

#include <algorithm>

#include "engine/compressed_sequence.h"

namespace tpscale {

CompressedScore score_compressed(const Engine& engine, const EvictionPolicy& policy,
                                 std::span<const std::int32_t> tokens) {
  const std::size_t passes = tokens.size() - 1;
  const CompressedLength length{1, static_cast<std::int64_t>(passes), engine.sizes().block_size};
  const auto sequence = engine.compressed(policy, length);
  CompressedScore score;
  score.pool_bytes = sequence->pool_bytes();
  double sum = 0.0;
  std::vector<TokenScore> scores;
  for (std::size_t i = 0; i < passes; ++i) {
    scores.clear();
    sequence->score(tokens.subspan(i, 1), tokens.subspan(i + 1, 1), scores);
    score.text.nll.push_back(scores.front().nll);
    if (scores.front().best == tokens[i + 1]) ++score.text.hits;
    score.most_bytes_in_use = std::max(score.most_bytes_in_use, sequence->bytes_in_use());
    sequence->cut();
    score.last_cached = sequence->cached();
    score.most_cached = std::max(score.most_cached, score.last_cached);
    sum += static_cast<double>(score.last_cached);
  }
  score.mean_cached = sum / static_cast<double>(passes);
  return score;
}

}  // namespace tpscale
