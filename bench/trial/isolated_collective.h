#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "bench/store/point.h"
#include "comm/communicator.h"
#include "core/dtype.h"

namespace tpscale {

/// All-reduces of `bytes` alone, nothing else running: one sample is the mean seconds of `calls` calls in a
/// row between two synchronisations, so that the clock's own cost does not show. 1 warm-up and `repetitions`
/// rows, a column a rank. "all_reduce_seconds_<bytes>". `bytes` is a multiple of the element size.
Samples time_all_reduce(Backend& backend, Communicator& group, Dtype dtype, std::size_t bytes,
                        std::int64_t repetitions, std::int64_t calls);

}  // namespace tpscale
