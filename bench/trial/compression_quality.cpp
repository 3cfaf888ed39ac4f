#include "bench/trial/compression_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "bench/print/number.h"
#include "bench/trial/agreement.h"
#include "bench/trial/comparison.h"
#include "bench/trial/compressed_score.h"
#include "bench/trial/point_facts.h"
#include "bench/trial/point_frame.h"
#include "bench/trial/timed_trial.h"
#include "engine/compressed_sequence.h"

namespace tpscale {
namespace {

constexpr std::array<const char*, 6> kOfText{"text_nll",          "text_hits",        "text_tokens",
                                             "cache_tokens_mean", "cache_tokens_max", "cache_tokens_final"};
constexpr std::array<const char*, 4> kOfRank{"memory_peak", "device_peak", "kv_pool", "kv_cache_peak"};

/// How far the mean |difference of NLL| of two ways to compute one thing may be: tests/fixtures holds other
/// implementations to the same.
double tolerance(Dtype dtype) {
  return dtype == Dtype::kF32 ? 1e-4 : dtype == Dtype::kF16 ? 0.01 : 0.08;
}

Samples series(const std::string& name, const std::string& unit, std::vector<std::string> columns) {
  Samples samples;
  samples.name = name;
  samples.unit = unit;
  samples.clock = "none";
  samples.phase = "quality";
  samples.columns = std::move(columns);
  return samples;
}

class Quality {
 public:
  Quality(Launch& launch, RankGroup& group, ModelSession& session, Point& point)
      : launch_(launch), group_(group), session_(session), point_(point) {
    for (int rank = 0; rank < group.comm().size(); ++rank) ranks_.push_back("rank " + std::to_string(rank));
  }

  void measure(const EvictionPolicy& method, const CompressionTexts& texts) {
    const std::size_t first = point_.samples.size();
    for (const char* name : kOfText) {
      const bool tokens =
          std::string_view(name).starts_with("cache") || std::string_view(name) == "text_tokens";
      point_.samples.push_back(
          series(name_of_arm(name, method.name()), tokens ? "token" : "1", {"of a text"}));
    }
    for (const char* name : kOfRank)
      point_.samples.push_back(series(name_of_arm(name, method.name()), "B", ranks_));
    for (std::size_t i = 0; i < texts.samples.size(); ++i) {
      stop_if_asked();
      group_.backend().reset_peak();
      const CompressedScore score = score_compressed(session_.engine(), method, texts.samples[i]);
      add_row(first, score);
      if (method.kind() == EvictionPolicy::Kind::kNone)
        compare_with_uncut(method, texts.samples[i], score.text.nll);
      keep_longest(method, score);
    }
  }

  void judge(Dtype dtype) {
    if (uncut_difference_) {
      const bool passed = *uncut_difference_ <= tolerance(dtype);
      point_.verdicts.push_back({"baseline predicts as one uncut pass", passed, passed ? "L2" : "",
                                 "mean |difference of NLL| of a token " + short_number(*uncut_difference_) +
                                     ", and " + short_number(tolerance(dtype)) + " is allowed in " +
                                     std::string(to_string(dtype))});
    }
    point_.verdicts.push_back({"caches are as long as their methods say", wrong_.empty(), "",
                               wrong_.empty() ? "after every cut of every text" : wrong_});
  }

 private:
  /// All ranks stop at the same text.
  void stop_if_asked() {
    const bool asked = group_.comm().rank() == 0 && launch_.interrupt.requested();
    if (told_by_root(group_.comm(), asked ? 1 : 0) != 0) throw_interrupted();
  }

  void add_row(std::size_t first, const CompressedScore& score) {
    const std::array<double, kOfText.size()> of_text{
        std::accumulate(score.text.nll.begin(), score.text.nll.end(), 0.0),
        static_cast<double>(score.text.hits),
        static_cast<double>(score.text.nll.size()),
        score.mean_cached,
        static_cast<double>(score.most_cached),
        static_cast<double>(score.last_cached)};
    for (std::size_t i = 0; i < of_text.size(); ++i) point_.samples[first + i].rows.push_back({of_text[i]});
    const std::array<double, kOfRank.size()> mine{
        static_cast<double>(group_.backend().memory().use().peak),
        static_cast<double>(group_.backend().device_memory().peak_bytes),
        static_cast<double>(score.pool_bytes), static_cast<double>(score.most_bytes_in_use)};
    const auto all = gather(group_.comm(), mine);
    for (std::size_t i = 0; i < mine.size(); ++i) {
      auto& row = point_.samples[first + of_text.size() + i].rows.emplace_back();
      for (const auto& rank : all) row.push_back(rank[i]);
    }
  }

  void compare_with_uncut(const EvictionPolicy& baseline, std::span<const std::int32_t> tokens,
                          std::span<const double> nll) {
    const auto passed = static_cast<std::int64_t>(tokens.size()) - 1;
    const auto sequence =
        session_.engine().compressed(baseline, {passed, passed, session_.sizes().block_size});
    std::vector<TokenScore> scores;
    sequence->score(tokens.first(tokens.size() - 1), tokens.subspan(1), scores);
    double sum = 0.0;
    for (std::size_t i = 0; i < scores.size(); ++i) sum += std::abs(scores[i].nll - nll[i]);
    uncut_difference_ = std::max(uncut_difference_.value_or(0.0), sum / static_cast<double>(scores.size()));
  }

  void keep_longest(const EvictionPolicy& method, const CompressedScore& score) {
    std::int64_t cached = 0, most = 0;
    for (std::size_t i = 0; i < score.text.nll.size(); ++i) {
      cached = method.kept_of(cached + 1);
      most = std::max(most, cached);
    }
    if (score.most_cached == most && score.last_cached == cached) return;
    wrong_ = method.name() + " held " + std::to_string(score.most_cached) + " tokens at most and " +
             std::to_string(score.last_cached) + " at the end, not " + std::to_string(most) + " and " +
             std::to_string(cached);
  }

  Launch& launch_;
  RankGroup& group_;
  ModelSession& session_;
  Point& point_;
  std::vector<std::string> ranks_;
  std::optional<double> uncut_difference_;
  std::string wrong_;
};

}  // namespace

void measure_compression_quality(Launch& launch, RankGroup& group, ModelSession& session,
                                 std::span<const EvictionPolicy> methods, const CompressionTexts& texts,
                                 Point& point) {
  Quality quality(launch, group, session, point);
  for (const EvictionPolicy& method : methods) quality.measure(method, texts);
  quality.judge(parse_dtype(session.engine().options().dtype));
}

void add_quality_figures(Point& point, const EvictionPolicy& method, const CompressionTexts& texts) {
  const auto rows = [&](const char* name) -> const std::vector<std::vector<double>>& {
    return samples_named(point.samples, name_of_arm(name, method.name())).rows;
  };
  const auto sum = [&](const char* name) {
    double total = 0.0;
    for (const auto& row : rows(name)) total += row.front();
    return total;
  };
  const auto largest = [&](const char* name) {
    double most = 0.0;
    for (const auto& row : rows(name)) most = std::max(most, std::ranges::max(row));
    return most;
  };
  const auto add = [&](const std::string& name, const std::string& unit, double value,
                       const std::string& how) {
    point.results.push_back(
        single_metric(name_of_arm(name, method.name()), unit, value, how, "one pass a text, no interval"));
  };
  const double tokens = sum("text_tokens");
  const std::string judged = fixed_number(tokens, 0) + " tokens of " + std::to_string(texts.samples.size()) +
                             " texts (" + texts.source + "), one a forward pass";
  const double mean = sum("text_nll") / tokens;
  if (std::isfinite(std::exp(mean))) {
    add("perplexity", "1", std::exp(mean), "exp(mean NLL " + fixed_number(mean, 6) + " over " + judged + ")");
  } else {
    point.absent.push_back(
        {name_of_arm("perplexity", method.name()), "the model's probabilities are not finite"});
  }
  add("accuracy", "1", sum("text_hits") / tokens,
      fixed_number(sum("text_hits"), 0) + " first choices that were the next token / " + judged);
  if (!texts.bytes.empty()) {
    const double bytes =
        static_cast<double>(std::accumulate(texts.bytes.begin(), texts.bytes.end(), std::int64_t{0}));
    add("bits_per_byte", "1", sum("text_nll") / (std::log(2.0) * bytes),
        "NLL " + fixed_number(sum("text_nll"), 4) + " summed over " + judged + " / (ln 2 x " +
            fixed_number(bytes, 0) + " bytes)");
  }
  add("cache_tokens_mean", "token", sum("cache_tokens_mean") / static_cast<double>(texts.samples.size()),
      "tokens in a layer that is cut, after each cut, mean over passes and texts");
  add("cache_tokens_max", "token", largest("cache_tokens_max"), "the most of these");
  add("cache_tokens_final", "token", rows("cache_tokens_final").back().front(), "after the last text");
  add("memory_peak", "B", largest("memory_peak"),
      "largest that the suite's own allocator held while a text was judged, on the rank that has most; reset "
      "before "
      "each text");
  add("device_peak", "B", largest("device_peak"),
      "the device's own view of its memory in use (on a CPU the process's) at its peak while a text was "
      "judged, on the "
      "rank that has most");
  add("kv_pool", "B", largest("kv_pool"), "keys and values of the pool made for the method, largest rank");
  add("kv_cache_peak", "B", largest("kv_cache_peak"), "blocks of it that held tokens, at most");
}

}  // namespace tpscale
