#pragma once
#include <string>

#include "bench/store/point.h"
#include "bench/trial/launch.h"
#include "bench/workload/workload.h"

namespace tpscale {

/// The identity of a point: everything that a figure may depend on but the machine and the number of ranks
/// launched. An experiment adds its own axes.
Values identity(const Launch& launch, const std::string& experiment, const Workload& workload, int degree);

}  // namespace tpscale
