#pragma once
#include <string>

#include "parallel/world.h"

namespace tpscale {

/// Before the first collective: every rank must run the same binary with the same options, libraries and
/// weights. Throws CollectiveError that names the first rank that differs and in what.
void require_same_everywhere(World& world, const std::string& options_text, const std::string& weights_hash);

}  // namespace tpscale
