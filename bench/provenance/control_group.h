#pragma once
#include <string>

namespace tpscale {

/// Limits that the kernel puts on this process' control group (a container, a batch job), in words.
struct ControlGroupLimits {
  std::string cpus;    ///< "none" or "1.5 CPUs"
  std::string memory;  ///< "none" or "4294967296 B"
};

/// The tightest limits of the group and those above it, versions 1 and 2. `root` stands before /proc and /sys
/// (tests).
ControlGroupLimits control_group_limits(const std::string& root = "");

}  // namespace tpscale
