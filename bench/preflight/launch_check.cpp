#include "bench/preflight/launch_check.h"

#include "bench/preflight/cores.h"
#include "bench/preflight/devices.h"
#include "bench/preflight/difference.h"
#include "bench/preflight/libraries.h"

namespace tpscale {
namespace {

Finding check_options(World& world, const Values& options) {
  Traits traits;
  for (const auto& option : options) traits.emplace_back(option.first, canonical_text({option}));
  const Difference difference = find_difference(world, traits);
  if (!difference) return passed("options", "the same on all ranks");
  return refused("options", ExitCode::kUsage,
                 difference.who() + " has another option " + difference.name + " than rank 0 (" +
                     difference.value + ", not " + difference.value_of_rank_zero +
                     "); let all ranks read the same --config");
}

Finding check_weights(World& world, const std::string& hash) {
  const Difference difference = find_difference(world, {{"weights", hash}});
  if (!difference) return passed("weights", "the same on all ranks (" + hash + ")");
  return refused(
      "weights", ExitCode::kUsage,
      difference.who() + " has other weights of the model than rank 0; copy the same files to every host");
}

}  // namespace

std::vector<Finding> check_launch(World& world, const LaunchPlan& plan) {
  std::vector<Finding> findings;
  if (world.size() > 1) {
    findings.push_back(check_options(world, plan.options));
    findings.push_back(check_weights(world, plan.weights_hash));
  }
  findings.push_back(check_libraries(world));
  if (world.size() > 1) findings.push_back(check_cores(world, plan.setup, plan.degree));
  if (world.size() > 1 && plan.opens_devices && plan.setup.backend != "cpu") {
    std::unique_ptr<Backend> backend;
    together(world, [&] { backend = make_backend(world, plan.setup, plan.degree); });
    findings.push_back(check_devices(world, *backend, plan.setup.parallel, plan.degree));
  }
  return findings;
}

}  // namespace tpscale
