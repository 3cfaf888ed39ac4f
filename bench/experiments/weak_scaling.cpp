#include "bench/experiment.h"
#include "bench/trial/scaling.h"

namespace tpscale {
namespace {

const bool registered = experiment_registry().add(
    "weak-scaling", "as many requests a device on more devices: how much of the time stays",
    Experiment{"weak-scaling",
               "Do more devices serve proportionally more requests in the same time?",
               {"tp"},
               [](Launch& launch) { run_scaling(launch, ScalingKind::kWeak); },
               set_scaling_defaults,
               "4.3"});

}  // namespace
}  // namespace tpscale
