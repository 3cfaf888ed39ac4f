#pragma once
#include "backend/backend.h"
#include "bench/store/point.h"

namespace tpscale {

/// Whether the device only acts as one: it computes what a device would, and its clock means nothing.
bool is_virtual(const Backend& backend);

/// Marks the point "virtual" and leaves it neither figures nor peaks: each figure is absent, and the reason
/// says what it was measured on.
void mark_virtual(Point& point);

}  // namespace tpscale
