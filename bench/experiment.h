#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/registry.h"

namespace tpscale {

class Launch;

/// A question and the function that answers it: data and one function, registered in its own file.
struct Experiment {
  std::string name;
  std::string question;
  std::vector<std::string> axes;  ///< options over which it sweeps, named like the options
  /// Called by every rank. Measures (or, in a dry run, plans) its points and prints its table.
  std::function<void(Launch&)> run;
};

Registry<Experiment>& experiment_registry();

}  // namespace tpscale
