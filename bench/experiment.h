#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/registry.h"

namespace tpscale {

class Launch;
struct LaunchOptions;

/// How thoroughly and on what: an experiment's own sizes follow from it.
struct Sizing {
  std::string profile;  ///< "default"; "smoke": seconds; "full": the sizes of the test plan
  bool cpu = true;      ///< no GPU
  std::int64_t vocab_size = 0;
};

/// A question and the function that answers it: data and one function, registered in its own file.
struct Experiment {
  std::string name;
  std::string question;
  std::vector<std::string> axes;  ///< options over which it sweeps, named like the options
  /// Called by every rank. Measures (or, in a dry run, plans) its points and prints its table.
  std::function<void(Launch&)> run;
  /// Its own defaults, laid over those of the options and under what the user has given.
  std::function<void(LaunchOptions&, const Sizing&)> defaults = {};
  std::string section = "9";  ///< of the test plan: the order of `run all`
};

Registry<Experiment>& experiment_registry();

}  // namespace tpscale
