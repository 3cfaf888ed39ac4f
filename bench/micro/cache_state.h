#pragma once
#include <cstdint>
#include <string>

#include "bench/micro/case_name.h"
#include "bench/micro/work.h"

namespace tpscale {

/// Where what an iteration works on lies as it begins, in words for the store. Every iteration works on the
/// same bytes, so it depends on whether the device's last-level cache holds them. `last_level_cache` 0:
/// unknown.
std::string cache_state(const CaseName& name, const Work& work, std::int64_t last_level_cache);

}  // namespace tpscale
