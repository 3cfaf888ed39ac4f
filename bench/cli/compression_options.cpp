#include "bench/cli/compression_options.h"

#include "bench/cli/option_table.h"
#include "core/error.h"

namespace tpscale {
namespace {

std::vector<std::int64_t> parse_layers(const std::string& text) {
  std::vector<std::int64_t> layers;
  if (text == "none") return layers;
  OptionRow row{"skip-layers", &layers, "", "", "", false, false, false};
  assign(row, text);
  for (const std::int64_t layer : layers) {
    if (layer < 0)
      throw UsageError("--skip-layers counts layers from 0: " + std::to_string(layer) + " is none");
  }
  return layers;
}

}  // namespace

EvictionSettings eviction_settings(const CompressionOptions& options, std::uint64_t seed) {
  EvictionSettings settings;
  settings.sinks = options.sinks;
  settings.prune_after = options.prune_after;
  settings.protect_ratio = options.protect_ratio;
  settings.keep = parse_keep_norms(options.keep);
  if (!options.skip_layers.empty())
    settings.skip_layers = settings.ratio_skip_layers = parse_layers(options.skip_layers);
  settings.seed = seed;
  return settings;
}

}  // namespace tpscale
