#include "bench/micro/cache_state.h"

#include <algorithm>
#include <variant>

namespace tpscale {
namespace {

/// The memory that iterations go round in; 0: not said.
double working_set(const Work& work) {
  double most = 0.0;
  for (const Rate& rate : work) most = std::max(most, rate.working_set);
  return most;
}

}  // namespace

std::string cache_state(const CaseName& name, const Work& work, std::int64_t last_level_cache) {
  const auto& family = std::get<std::string>(name.parameters().front().second);
  if (family == "safetensors") return "in the page cache: the files were written and read just before";
  const double bytes = working_set(work);
  if (bytes == 0.0) return "warm: it runs once before it is timed";
  if (last_level_cache <= 0) return "unknown, as the size of the last-level cache is";
  const std::string of = std::to_string(static_cast<std::int64_t>(bytes)) + " B in turn, ";
  const std::string size = std::to_string(last_level_cache) + " B of last-level cache";
  if (bytes <= static_cast<double>(last_level_cache)) return "in cache: " + of + "which fit " + size;
  return (family == "linear" || family == "fused" ? "cold weights: " : "cold: ") + of + "which exceed " +
         size;
}

}  // namespace tpscale
