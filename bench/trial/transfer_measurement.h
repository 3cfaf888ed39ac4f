#pragma once
#include "bench/trial/launch.h"
#include "bench/trial/point_frame.h"
#include "kv/kv_cache.h"

namespace tpscale {

/// The mark of copies on a device that is the host.
inline constexpr const char* kBetweenHostArenas = "between two host arenas";

/// One point of kv-transfer: which cache of a rank is moved.
struct TransferPlan {
  PointPlan point;
  KvShape shape;           ///< of what is moved; every block of it
  bool scattered = false;  ///< the blocks in a drawn order; else as one sequence that got them in theirs
};

/// Layers, heads and dtype of the cache that --transfer-cache names, on one rank of `degree`; no blocks yet.
KvShape moved_shape(const Launch& launch, int degree);

/// Measures, proves and describes the point; by every rank of its group. Verdicts: "bytes came back" (every
/// arm's pieces, wiped between), "tokens after a round trip" (of a prefix whose cache went to the host and
/// back), "tokens beside copies", "plausible".
void measure_transfers(Launch& launch, const TransferPlan& plan, RankGroup& group, Point& point);

}  // namespace tpscale
