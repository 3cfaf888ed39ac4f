#include "engine/logit_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"

namespace tpscale {
namespace {

template <class T>
void widen_row(const HostLogits& logits, std::int64_t row, std::vector<float>& out) {
  const T* data = reinterpret_cast<const T*>(logits.data);
  for (std::int64_t part = 0; part < logits.parts; ++part) {
    const std::int64_t first = part * logits.cols;
    const T* from = data + (part * logits.rows + row) * logits.cols;
    const std::int64_t count = std::min(logits.cols, logits.vocab_size - first);
    for (std::int64_t i = 0; i < count; ++i)
      out[static_cast<std::size_t>(first + i)] = static_cast<float>(from[i]);
  }
}

TokenScore score_row(std::span<const float> logits, std::int32_t target) {
  TokenScore score;
  score.best_logit = -std::numeric_limits<float>::infinity();
  float second = score.best_logit;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] > score.best_logit) {
      second = score.best_logit;
      score.best_logit = logits[i];
      score.best = static_cast<std::int32_t>(i);
    } else if (logits[i] > second) {
      second = logits[i];
    }
  }
  double sum = 0.0;
  for (const float logit : logits) sum += static_cast<double>(std::exp(logit - score.best_logit));
  score.target_logit = logits[static_cast<std::size_t>(target)];
  score.nll = static_cast<double>(score.best_logit) + std::log(sum) - static_cast<double>(score.target_logit);
  score.margin = score.best_logit - second;
  return score;
}

}  // namespace

void score_rows(const HostLogits& logits, std::span<const std::int32_t> targets, std::vector<float>& row,
                std::vector<TokenScore>& scores) {
  check(static_cast<std::int64_t>(targets.size()) == logits.rows, "one target a row of logits");
  row.resize(static_cast<std::size_t>(logits.vocab_size));
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    dispatch_dtype(logits.dtype, [&](auto type) { widen_row<decltype(type)>(logits, i, row); });
    scores.push_back(score_row(row, targets[static_cast<std::size_t>(i)]));
  }
}

}  // namespace tpscale
