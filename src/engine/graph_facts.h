#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tpscale {

/// What a decode step of one batch size cost to capture.
struct GraphBucket {
  std::int64_t sequences = 0;
  std::int64_t nodes = 0;        ///< operations of the graph; 0: the backend does not tell
  double warm_up_seconds = 0.0;  ///< the plain run before it
  double capture_seconds = 0.0;  ///< recording it and making it launchable
};

/// The decode graphs of one engine.
struct GraphFacts {
  bool on = false;
  std::string reason;                ///< why there are none; empty where there are
  std::vector<GraphBucket> buckets;  ///< by size; empty before the capture
  double capture_seconds = 0.0;      ///< of all of them, without their warm-up runs
  double warm_up_seconds = 0.0;
  std::int64_t memory_bytes = 0;  ///< by which the device's view of its memory grew with the graphs alone
};

}  // namespace tpscale
