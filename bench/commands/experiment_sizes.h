#pragma once
#include <string>
#include <vector>

#include "bench/cli/option_table.h"
#include "bench/experiment.h"
#include "bench/trial/launch.h"

namespace tpscale {

/// "all" becomes every experiment in the order of the test plan; what is named twice runs once. Throws
/// UsageError for a name that is none.
std::vector<std::string> selected_experiments(const std::vector<std::string>& names);

/// Throws UsageError that lists the profiles.
void require_profile(const std::string& profile);

/// The rows of every option of `tpscale run`.
void declare_launch_options(OptionTable& table, LaunchOptions& options);

/// What one experiment of a launch runs with: `common`, over it the profile's and the experiment's own
/// defaults, over them what the user has given (`table`).
LaunchOptions options_of(const Experiment& experiment, const LaunchOptions& common, const OptionTable& table,
                         const Sizing& sizing);

/// "--num-sequences 8 --output-tokens 32": what differs from `common`; empty where nothing does.
std::string sizes_text(const LaunchOptions& common, const LaunchOptions& own);

}  // namespace tpscale
