#include "bench/experiment.h"

namespace tpscale {

Registry<Experiment>& experiment_registry() {
  static Registry<Experiment> registry("experiment");
  return registry;
}

}  // namespace tpscale
