#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bench/store/point.h"
#include "bench/trial/judged_text.h"
#include "engine/engine.h"
#include "model/config.h"

namespace tpscale {

/// What one pass over a part of a text judged.
struct ScoredWindow {
  std::int64_t tokens = 0;  ///< judged
  std::int64_t hits = 0;
  double nll = 0.0;  ///< summed
};

/// A text as the model judges it.
struct TextScore {
  std::vector<double> nll;           ///< nll[i]: of token i+1
  std::int64_t hits = 0;             ///< tokens that were the model's first choice
  std::int64_t bytes = 0;            ///< of the text that the judged tokens stand for; 0 where nobody knows
  std::string source = {};           ///< name of the text
  std::int64_t longest_context = 0;  ///< tokens
  std::vector<ScoredWindow> windows = {};  ///< one after the other; empty: not kept

  double mean_nll() const;       ///< summed in double
  double perplexity() const;     ///< exp(mean NLL)
  double accuracy() const;       ///< share of hits
  double bits_per_byte() const;  ///< sum of NLL / (ln 2 x bytes), where bytes are known
};

/// Throws UsageError where there are fewer than two tokens or one that the model does not have.
void require_scorable(std::span<const std::int32_t> tokens, const ModelConfig& config);

/// Scores a text; one longer than `window` in windows that overlap by half, so that every token but the first
/// window's has at least window/2 tokens before it. Collective over the engine's group.
TextScore score_text(Engine& engine, std::span<const std::int32_t> tokens, std::int64_t window);

/// Scores a launch's text in the longest windows that the engine of a point has room for. Outside all timed
/// regions; collective over the engine's group.
TextScore judge_text(Engine& engine, const JudgedText& text);
/// perplexity, accuracy and, where bytes are known, bits_per_byte, with the sums of each window they are made
/// of (phase "quality").
void add_text_figures(Point& point, const TextScore& score);

}  // namespace tpscale
