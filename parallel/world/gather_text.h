#pragma once
#include <string>
#include <vector>

#include "parallel/world.h"

namespace tpscale {

/// Every rank's text, by rank, on every rank. Collective over the world.
std::vector<std::string> gather_text(World& world, std::string mine);

}  // namespace tpscale
