#pragma once
#include <cstddef>
#include <vector>

namespace tpscale {

using Bytes = std::vector<std::byte>;

}  // namespace tpscale
