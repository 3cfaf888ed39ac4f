#pragma once
#include "bench/experiment.h"
#include "bench/trial/launch.h"

namespace tpscale {

enum class ScalingKind {
  kStrong,  ///< the same requests at every degree
  kWeak,    ///< as many sequences a rank at every degree
};

/// Sizes of both kinds: the plan's on a GPU or where asked for, small ones on a CPU.
void set_scaling_defaults(LaunchOptions& options, const Sizing& sizing);

/// Measures the degrees in ascending order, each against the smallest (the base), and the base once more at
/// the end: what the machine drifted by meanwhile is stored. Called by every rank of the world. Appends to
/// launch.reports.
void run_scaling(Launch& launch, ScalingKind kind);

}  // namespace tpscale
