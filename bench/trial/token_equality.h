#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/store/point.h"
#include "comm/communicator.h"
#include "core/dtype.h"
#include "engine/engine.h"

namespace tpscale {

/// What the base generated, and how sure it was of each token: what every other degree is held against.
struct BaseReference {
  int degree = 1;
  IntegerArray tokens;                 ///< "output_tokens": a row a sequence, -1 pads
  std::optional<IntegerArray> margin;  ///< "output_margins": best minus second logit of each token, in 1e-6
  std::optional<IntegerArray> logit;   ///< "output_logits": logit of each token, in 1e-6
};

/// "output_tokens" of a run.
IntegerArray output_tokens(const RunResult& result);

/// Margins and logits of the run's own tokens, teacher-forced by Engine::score. Collective over the engine's
/// group.
BaseReference score_as_base(Engine& engine, std::span<const Request> requests, const RunResult& result,
                            int degree);

/// The base as a stored point holds it. nullopt where the point has no tokens.
std::optional<BaseReference> base_from(const Point& point, int degree);

/// How far apart two roundings of one computation may be: a logit's difference, or a margin below which the
/// best two may change places.
double near_tie(Dtype dtype) noexcept;

/// The verdict "token equality with the base". L0: all ids identical. L1: this degree, replayed on the base's
/// tokens, prefers another token only where the base's margin is below near_tie, and the target's logit is
/// within it there; the same holds for the first place where the runs part. Sequences beyond the base's are
/// not compared (weak scaling runs more of them). `base` is read on rank 0 of the group only. Collective over
/// the group; the verdict is the same on all.
Verdict compare_with_base(Engine& engine, Communicator& group, std::span<const Request> requests,
                          const RunResult& result, const BaseReference* base, Dtype dtype);

}  // namespace tpscale
