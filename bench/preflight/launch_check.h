#pragma once
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "bench/cli/option_table.h"
#include "bench/preflight/finding.h"
#include "bench/store/point.h"
#include "bench/trial/device_setup.h"

namespace tpscale {

/// What a command is about to do, for the checks that stand before it.
struct LaunchPlan {
  const DeviceSetup& setup;
  int degree = 1;  ///< the largest group
  Values options;  ///< all of them
  std::string weights_hash;
  bool opens_devices = true;  ///< a dry run does not
};

/// What a command was told, one option struct after the other.
template <class... Options>
Values values_of(const Options&... options) {
  Values all;
  const auto append = [&](Values more) { std::ranges::move(more, std::back_inserter(all)); };
  (append(to_values(options)), ...);
  return all;
}

/// Once the ranks are placed, before a group of them is made: the same options, weights and libraries; cores
/// and devices of their own. Opens devices only where they are not the host's own cores. Collective over the
/// world. Throws what a backend throws, on all ranks.
std::vector<Finding> check_launch(World& world, const LaunchPlan& plan);

}  // namespace tpscale
