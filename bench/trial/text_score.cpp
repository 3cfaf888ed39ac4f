#include "bench/trial/text_score.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/error.h"

namespace tpscale {

double TextScore::mean_nll() const {
  return std::accumulate(nll.begin(), nll.end(), 0.0) / static_cast<double>(nll.size());
}
double TextScore::perplexity() const {
  return std::exp(mean_nll());
}
double TextScore::accuracy() const {
  return static_cast<double>(hits) / static_cast<double>(nll.size());
}

double TextScore::bits_per_byte() const {
  return mean_nll() * static_cast<double>(nll.size()) / (std::log(2.0) * static_cast<double>(bytes));
}

void require_scorable(std::span<const std::int32_t> tokens, const ModelConfig& config) {
  if (tokens.size() < 2) throw UsageError("a text of fewer than 2 tokens has nothing to predict");
  for (const std::int32_t token : tokens) {
    if (token >= 0 && token < config.vocab_size) continue;
    throw UsageError("the text has token id " + std::to_string(token) + ", and the model's ids are 0 to " +
                     std::to_string(config.vocab_size - 1));
  }
}

TextScore score_text(Engine& engine, std::span<const std::int32_t> tokens, std::int64_t window) {
  TextScore score;
  const std::size_t length = std::min(tokens.size(), static_cast<std::size_t>(window));
  std::size_t begin = 0;
  while (true) {
    const auto text = tokens.subspan(begin, std::min(length, tokens.size() - begin));
    const auto scores = engine.score(text);
    // scores[i] judges token begin + i + 1; the ones below nll.size() have been judged with more context or
    // the same
    for (std::size_t i = score.nll.size() - begin; i < scores.size(); ++i) {
      score.nll.push_back(scores[i].nll);
      if (scores[i].best == text[i + 1]) ++score.hits;
    }
    if (begin + length >= tokens.size()) return score;
    begin += std::max<std::size_t>(1, length / 2);
  }
}

}  // namespace tpscale
