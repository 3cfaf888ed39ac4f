#include "bench/trial/token_equality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "bench/trial/agreement.h"
#include "core/check.h"

namespace tpscale {
namespace {

constexpr double kStoredUnit = 1e-6;
constexpr std::size_t kPlacesNamed = 8;

IntegerArray empty_array(std::string name, std::string unit, const RunResult& result) {
  IntegerArray array;
  array.name = std::move(name);
  array.unit = std::move(unit);
  array.rows = static_cast<std::int64_t>(result.requests.size());
  for (const auto& request : result.requests) {
    array.cols = std::max(array.cols, static_cast<std::int64_t>(request.tokens.size()));
  }
  array.values.assign(static_cast<std::size_t>(array.rows * array.cols), -1);
  return array;
}

std::int64_t& at(IntegerArray& array, std::size_t row, std::size_t col) {
  return array.values[row * static_cast<std::size_t>(array.cols) + col];
}
std::int64_t at(const IntegerArray& array, std::size_t row, std::size_t col) {
  return array.values[row * static_cast<std::size_t>(array.cols) + col];
}

std::vector<std::int32_t> row_tokens(const IntegerArray& array, std::size_t row) {
  std::vector<std::int32_t> tokens;
  for (std::size_t col = 0; col < static_cast<std::size_t>(array.cols) && at(array, row, col) >= 0; ++col) {
    tokens.push_back(static_cast<std::int32_t>(at(array, row, col)));
  }
  return tokens;
}

/// Scores of generated tokens alone: element i judges tokens[i] after the prompt and the tokens before it.
std::vector<TokenScore> score_generated(Engine& engine, const Request& request,
                                        std::span<const std::int32_t> tokens) {
  std::vector<std::int32_t> text = request.prompt;
  text.insert(text.end(), tokens.begin(), tokens.end());
  auto scores = engine.score(text);
  scores.erase(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(request.prompt.size() - 1));
  return scores;
}

std::size_t first_difference(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

/// What the replay of the differing sequences found. Lives on every rank; the base's side only on rank 0.
struct Replay {
  std::size_t places = 0;
  std::size_t broken = 0;
  double largest_logit_difference = 0.0;
  std::ostringstream named;

  void add(std::size_t sequence, std::size_t token, double margin, double difference, double limit) {
    ++places;
    const bool holds = margin < limit && difference <= limit;
    if (!holds) ++broken;
    if (places <= kPlacesNamed || (!holds && broken <= kPlacesNamed)) {
      named << "; sequence " << sequence << " token " << token << ": margin " << margin << ", logits "
            << difference << " apart" << (holds ? "" : " (too much)");
    }
  }
};

void replay_sequence(Engine& engine, Communicator& group, const Request& request, const RequestResult& mine,
                     const BaseReference* base, std::size_t sequence, double limit, Replay& replay) {
  const bool root = group.rank() == 0;
  std::vector<std::int32_t> base_tokens;
  if (root) base_tokens = row_tokens(base->tokens, sequence);
  base_tokens.resize(
      static_cast<std::size_t>(told_by_root(group, static_cast<std::int64_t>(base_tokens.size()))));
  group.broadcast_host(std::as_writable_bytes(std::span(base_tokens)), 0);
  const auto scores = score_generated(engine, request, base_tokens);
  if (!root) return;
  const std::size_t parted = first_difference(base_tokens, mine.tokens);
  for (std::size_t i = 0; i < base_tokens.size(); ++i) {
    const double logit = static_cast<double>(at(*base->logit, sequence, i)) * kStoredUnit;
    const double difference = std::abs(static_cast<double>(scores[i].target_logit) - logit);
    replay.largest_logit_difference = std::max(replay.largest_logit_difference, difference);
    if (i != parted && scores[i].best == base_tokens[i]) continue;
    replay.add(sequence, i, static_cast<double>(at(*base->margin, sequence, i)) * kStoredUnit, difference,
               limit);
  }
}

std::vector<std::int64_t> differing_sequences(const RunResult& result, const BaseReference& base,
                                              std::size_t shared) {
  std::vector<std::int64_t> differing;
  for (std::size_t i = 0; i < shared; ++i) {
    if (row_tokens(base.tokens, i) != result.requests[i].tokens)
      differing.push_back(static_cast<std::int64_t>(i));
  }
  return differing;
}

const IntegerArray* find_array(const Point& point, std::string_view name) {
  for (const IntegerArray& array : point.arrays) {
    if (array.name == name) return &array;
  }
  return nullptr;
}

}  // namespace

IntegerArray output_tokens(const RunResult& result) {
  IntegerArray array = empty_array("output_tokens", "1", result);
  for (std::size_t row = 0; row < result.requests.size(); ++row) {
    const auto& tokens = result.requests[row].tokens;
    for (std::size_t col = 0; col < tokens.size(); ++col) at(array, row, col) = tokens[col];
  }
  return array;
}

BaseReference score_as_base(Engine& engine, std::span<const Request> requests, const RunResult& result,
                            int degree) {
  BaseReference base;
  base.degree = degree;
  base.tokens = output_tokens(result);
  base.margin = empty_array("output_margins", "1e-6", result);
  base.logit = empty_array("output_logits", "1e-6", result);
  for (std::size_t row = 0; row < requests.size(); ++row) {
    const auto scores = score_generated(engine, requests[row], result.requests[row].tokens);
    for (std::size_t col = 0; col < scores.size(); ++col) {
      at(*base.margin, row, col) = std::llround(static_cast<double>(scores[col].margin) / kStoredUnit);
      at(*base.logit, row, col) = std::llround(static_cast<double>(scores[col].target_logit) / kStoredUnit);
    }
  }
  return base;
}

std::optional<BaseReference> base_from(const Point& point, int degree) {
  const IntegerArray* tokens = find_array(point, "output_tokens");
  if (tokens == nullptr) return std::nullopt;
  BaseReference base;
  base.degree = degree;
  base.tokens = *tokens;
  if (const IntegerArray* margin = find_array(point, "output_margins")) base.margin = *margin;
  if (const IntegerArray* logit = find_array(point, "output_logits")) base.logit = *logit;
  return base;
}

double near_tie(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::kBF16:
      return 0.25;
    case Dtype::kF16:
      return 0.03;
    case Dtype::kF32:
      break;
  }
  return 0.001;
}

Verdict compare_with_base(Engine& engine, Communicator& group, std::span<const Request> requests,
                          const RunResult& result, const BaseReference* base, Dtype dtype) {
  check(group.rank() != 0 || base != nullptr, "rank 0 compares with a base that it does not have");
  const bool root = group.rank() == 0;
  const std::size_t shared =
      root ? std::min(result.requests.size(), static_cast<std::size_t>(base->tokens.rows)) : 0;
  std::vector<std::int64_t> differing;
  bool replayable = true;
  if (root) {
    differing = differing_sequences(result, *base, shared);
    replayable = base->margin.has_value() && base->logit.has_value();
  }
  const double limit = near_tie(dtype);
  Replay replay;
  replayable = told_by_root(group, replayable ? 1 : 0) != 0;
  differing.resize(
      static_cast<std::size_t>(told_by_root(group, static_cast<std::int64_t>(differing.size()))));
  group.broadcast_host(std::as_writable_bytes(std::span(differing)), 0);
  if (replayable) {
    for (const std::int64_t sequence : differing) {
      const auto index = static_cast<std::size_t>(sequence);
      replay_sequence(engine, group, requests[index], result.requests[index], base, index, limit, replay);
    }
  }
  Verdict verdict;
  verdict.name = "token equality with the base";
  std::ostringstream sentence;
  if (root && differing.empty()) {
    verdict.passed = true;
    verdict.level = "L0";
    sentence << "all output tokens of " << shared << " sequences are those of degree " << base->degree;
  } else if (root && !replayable) {
    sentence << differing.size() << " of " << shared << " sequences differ from degree " << base->degree
             << ", whose stored point has no margins to judge that by";
  } else if (root) {
    verdict.passed = replay.broken == 0;
    verdict.level = verdict.passed ? "L1" : "";
    sentence << differing.size() << " of " << shared << " sequences differ from degree " << base->degree
             << "; replayed on its tokens they differ at " << replay.places << " places, " << replay.broken
             << " of them beyond a near-tie of " << limit << "; the logits of all tokens are within "
             << replay.largest_logit_difference << replay.named.str();
  }
  verdict.sentence = sentence.str();
  verdict.passed = told_by_root(group, verdict.passed ? 1 : 0) != 0;
  return verdict;
}

}  // namespace tpscale
