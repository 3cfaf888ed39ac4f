#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/preflight/finding.h"

namespace tpscale {

/// Before anything else that ranks do together: the same program, the same arguments, the same environment
/// where it matters. Collective over the world; of one rank there is nothing to compare.
std::vector<Finding> check_start(World& world, std::span<const std::string> arguments);

/// Whether all ranks must have the variable alike: of those that are stored with a result, all but what
/// belongs to a rank or a host (its GPUs, its network's names, its debug output).
bool must_agree(std::string_view variable);

}  // namespace tpscale
