#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "kv/eviction.h"

namespace tpscale {

/// Which tokens stay in the KV cache.
struct CompressionOptions {
  std::vector<std::string> method;
  std::int64_t sinks = 4;
  std::int64_t prune_after = 1000;
  double protect_ratio = 0.0;
  std::string keep = "low";
  std::string skip_layers;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("method", self.method,
          "what stays in the KV cache: baseline, streaming_S, recent_only_W, fix_size_l2_F, l2_ratio_R; "
          "without a "
          "number: 256, 512 and 1024 (l2_ratio: 0.9)");
    visit("sinks", self.sinks, "streaming: first tokens that always stay");
    visit("prune-after", self.prune_after, "l2_ratio: tokens before anything is dropped");
    visit("protect-ratio", self.protect_ratio, "fix_size_l2: share of the cache that is the newest tokens");
    visit("keep", self.keep, "fix_size_l2: which key norms stay: low, high or random");
    visit("skip-layers", self.skip_layers,
          "layers that keep everything: none or a list (default 0,1 of recent_only and fix_size_l2)");
  }
};

/// Throws UsageError. `seed`: of --keep random.
EvictionSettings eviction_settings(const CompressionOptions& options, std::uint64_t seed);

}  // namespace tpscale
