#include "bench/micro/cache_state.h"

#include <algorithm>
#include <variant>

namespace tpscale {
namespace {

/// An op may count a byte up to so many times: read and written, twice.
constexpr double kCounted = 4.0;

const Rate* find_rate(const Work& work, const std::string& name) {
  const auto found = std::ranges::find(work, name, &Rate::name);
  return found == work.end() ? nullptr : &*found;
}

}  // namespace

std::string cache_state(const CaseName& name, const Work& work, std::int64_t last_level_cache) {
  const auto& family = std::get<std::string>(name.parameters().front().second);
  if (family == "safetensors") return "in the page cache: the files were written and read just before";
  const Rate* bytes = find_rate(work, "bytes");
  if (bytes == nullptr || find_rate(work, "of_read") == nullptr) {
    return "warm: it runs once before it is timed";
  }
  if (last_level_cache <= 0) return "unknown, as the size of the last-level cache is";
  const auto cache = static_cast<double>(last_level_cache);
  const std::string size = std::to_string(last_level_cache) + " B of last-level cache";
  if (bytes->amount <= cache) return "in cache: an iteration's bytes fit " + size;
  if (family == "linear" || family == "fused") {
    return "cold weights: an iteration reads each once, and they exceed " + size;
  }
  if (bytes->amount > kCounted * cache) return "cold: an iteration's bytes exceed " + size;
  return "partly in cache: an iteration moves more bytes than " + size;
}

}  // namespace tpscale
