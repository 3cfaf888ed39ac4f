#pragma once
#include <string>
#include <vector>

#include "bench/micro/options.h"

namespace tpscale {

/// The command line of tpscale-micro, divided between us and Google Benchmark.
struct MicroCommandLine {
  MicroOptions options;
  std::vector<std::string> google;  ///< "--benchmark_...": for benchmark::Initialize
  bool help = false;
};

/// Throws UsageError.
MicroCommandLine parse_micro_command_line(const std::vector<std::string>& arguments);
std::string micro_help();

}  // namespace tpscale
