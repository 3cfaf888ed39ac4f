#include "bench/experiment.h"
#include "bench/trial/scaling.h"

namespace tpscale {
namespace {

const bool registered = experiment_registry().add(
    "strong-scaling", "the same requests on more devices: how much faster, and where the time goes",
    Experiment{"strong-scaling",
               "How much faster do more devices serve the same requests?",
               {"tp"},
               [](Launch& launch) { run_scaling(launch, ScalingKind::kStrong); },
               set_scaling_defaults,
               "4.2"});

}  // namespace
}  // namespace tpscale
