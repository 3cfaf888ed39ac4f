#pragma once
#include <string>

#include "backend/backend.h"
#include "bench/store/point.h"

namespace tpscale {

/// What this host is, for the `hardware` block: CPU, instruction sets, cores, caches, memory, huge pages,
/// governor, limits of the control group. What cannot be read says so. `root` stands before /proc and /sys
/// (tests).
Values host_hardware(const std::string& root = "");

/// The part that must agree for --resume, in words: "Xeon X, 8 cores, 64 GiB"; with a device that is no part
/// of the host "Xeon X, 8 cores, 64 GiB; NVIDIA H100 80GB HBM3, 80 GiB".
std::string hardware_identity(const Values& hardware, const Backend* device = nullptr);

}  // namespace tpscale
