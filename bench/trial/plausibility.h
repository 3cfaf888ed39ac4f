#pragma once
#include <vector>

#include "bench/store/point.h"
#include "bench/trial/point_facts.h"

namespace tpscale {

/// How much faster than a measured peak a figure may seem.
inline constexpr double kPlausibleExcess = 1.15;

/// "phases add up to the wall": prefill + decode + scheduling seconds, and those of waiting for arrivals, are
/// within 1 % (and 50 us) of the wall, in the median repetition, on the rank where they are furthest off.
Verdict judge_phases(const PointFacts& facts);

/// "plausible": no more bytes/s in decode than 1.15 times the read bandwidth measured over the same working
/// set, no more FLOP/s in prefill than 1.15 times the multiply-add peak, no time of zero, and a finite
/// perplexity.
Verdict judge_plausibility(const PointFacts& facts);

/// "repeatable": every repetition generated the same tokens.
Verdict judge_repeatability(const PointFacts& facts);

}  // namespace tpscale
