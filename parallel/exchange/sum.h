#pragma once
#include <cstddef>
#include <span>

#include "core/dtype.h"

namespace tpscale {

/// out[i] = parts[0][i] + parts[1][i] + ... in fp32 and in this order, rounded once. `count` elements of
/// `dtype`. `out` may be one of the parts.
void sum_parts(Dtype dtype, void* out, std::span<const void* const> parts, std::size_t count);

}  // namespace tpscale
