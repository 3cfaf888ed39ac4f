#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tpscale {

/// How a run of store_writer ended.
struct WriterEnd {
  int exit_code = -1;  ///< -1 where a signal ended it
  int signal = 0;
  std::vector<std::int64_t> acknowledged;  ///< numbers of the points it said are published
  std::string errors;                      ///< what it said on standard error
};

using Environment = std::vector<std::pair<std::string, std::string>>;

/// Runs store_writer with more environment; where `kill_after` is set it is killed then (SIGKILL) if it still
/// runs.
WriterEnd run_writer(const std::string& folder, int points, bool resume, const Environment& environment = {},
                     std::optional<std::chrono::microseconds> kill_after = std::nullopt);

}  // namespace tpscale
