#pragma once
#include <string>

#include "bench/store/point.h"

namespace tpscale {

/// XXH64 over every field of a point in a fixed order, each list preceded by its length, doubles by their
/// bits. A guard of the whole beside HDF5's own checksums: fletcher32 takes 0x0000 and 0xFFFF for the same.
std::string content_hash(const Point& point);

}  // namespace tpscale
