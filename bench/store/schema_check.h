#pragma once
#include "bench/store/point.h"

namespace tpscale {

inline constexpr std::size_t kLongestString =
    60000;  ///< bytes; an attribute in an object header has room for 64 KiB
inline constexpr std::size_t kLongestIntegers = 7500;  ///< of a Value that is a list

/// Throws InternalError naming the first thing that schema.md asks for and `point` lacks: what would make its
/// figures impossible to check later is not stored at all.
void check_schema(const Point& point);

}  // namespace tpscale
