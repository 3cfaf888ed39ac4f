#pragma once
#include "bench/store/bytes.h"
#include "bench/store/point.h"

namespace tpscale {

/// The file of a point as schema.md says, as bytes. `point` has passed check_schema. Throws Hdf5Error.
Bytes write_point(const Point& point);

}  // namespace tpscale
