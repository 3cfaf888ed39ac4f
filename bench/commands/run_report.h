#pragma once
#include <string>

#include "bench/trial/launch.h"

namespace tpscale {

/// The last lines of a launch: where its time went and where its files are.
std::string run_report_text(const Launch& launch, const std::string& results_file);
/// Everything measured as one JSON object.
std::string run_report_json(const Launch& launch, const std::string& results_file, bool passed);

}  // namespace tpscale
