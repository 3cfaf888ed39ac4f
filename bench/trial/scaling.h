#pragma once
#include "bench/trial/launch.h"

namespace tpscale {

enum class ScalingKind {
  kStrong,  ///< the same requests at every degree
  kWeak,    ///< as many sequences a rank at every degree
};

/// Measures the degrees in ascending order, each against the smallest (the base), and the base once more at
/// the end: what the machine drifted by meanwhile is stored. Called by every rank of the world. Appends to
/// launch.reports.
void run_scaling(Launch& launch, ScalingKind kind);

}  // namespace tpscale
