#include "bench/trial/text_score.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "bench/print/number.h"
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
  score.longest_context = static_cast<std::int64_t>(length) - 1;
  std::size_t begin = 0;
  while (true) {
    const auto text = tokens.subspan(begin, std::min(length, tokens.size() - begin));
    const auto scores = engine.score(text);
    ScoredWindow& scored = score.windows.emplace_back();
    // scores[i] judges token begin + i + 1; the ones below nll.size() have been judged with more context or
    // the same
    for (std::size_t i = score.nll.size() - begin; i < scores.size(); ++i) {
      score.nll.push_back(scores[i].nll);
      scored.nll += scores[i].nll;
      if (scores[i].best == text[i + 1]) ++scored.hits;
      ++scored.tokens;
    }
    score.hits += scored.hits;
    if (begin + length >= tokens.size()) return score;
    begin += std::max<std::size_t>(1, length / 2);
  }
}

TextScore judge_text(Engine& engine, const JudgedText& text) {
  TextScore score = score_text(engine, text.tokens, engine.sizes().max_model_len);
  score.bytes = text.bytes;
  score.source = text.source;
  return score;
}

void add_text_figures(Point& point, const TextScore& score) {
  if (!std::isfinite(score.perplexity())) {
    for (const char* name : {"perplexity", "accuracy"})
      point.absent.push_back(
          {name, "the model's probabilities of " + score.source + " are not finite numbers"});
    return;
  }
  const std::string judged = std::to_string(score.nll.size()) + " tokens of " + score.source +
                             ", each after at most " + std::to_string(score.longest_context) +
                             " others, scored once by the point's engine outside all timed regions";
  const auto add = [&](const std::string& name, double value, const std::string& how) {
    Metric metric;
    metric.name = name;
    metric.unit = "1";
    metric.value = metric.low = metric.high = value;
    metric.samples = 1;
    metric.method = "one pass, no interval";
    metric.how_obtained = how + " = " + short_number(value);
    point.results.push_back(std::move(metric));
  };
  add("perplexity", score.perplexity(),
      "exp(mean NLL " + fixed_number(score.mean_nll(), 6) + " over " + judged + ")");
  add("accuracy", score.accuracy(),
      std::to_string(score.hits) + " first choices that were the next token / " + judged);
  if (score.bytes > 0) {
    add("bits_per_byte", score.bits_per_byte(),
        "NLL summed over " + judged + " / (ln 2 x " + std::to_string(score.bytes) + " bytes)");
  }
  const auto series = [&](const char* name, auto value) {
    Samples samples{name, "1", "none", "quality", 0, {"of a window"}, {}, {}};
    for (const ScoredWindow& window : score.windows)
      samples.rows.push_back({static_cast<double>(value(window))});
    point.samples.push_back(std::move(samples));
  };
  series("text_nll", [](const ScoredWindow& window) { return window.nll; });
  series("text_hits", [](const ScoredWindow& window) { return window.hits; });
  series("text_tokens", [](const ScoredWindow& window) { return window.tokens; });
}

}  // namespace tpscale
