#include "bench/provenance/run_delay_gauge.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "bench/provenance/system_file.h"

namespace tpscale {

RunDelayGauge::RunDelayGauge(bool oversubscribed, std::string task_folder)
    : task_folder_(std::move(task_folder)), begin_(Clock::now()) {
  if (oversubscribed)
    absent_reason_ = "oversubscribed: our own ranks wait for one another's cores";
  else if (delays().empty())
    absent_reason_ = task_folder_ + "/*/schedstat is not readable on this host";
}

RunDelayGauge::Delays RunDelayGauge::delays() const {
  Delays found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(task_folder_, error)) {
    const std::optional<std::string> line = first_line(entry.path().string() + "/schedstat");
    std::istringstream words(line.value_or(""));
    std::uint64_t ran = 0, waited = 0, slices = 0;
    if (words >> ran >> waited >> slices) found.emplace(entry.path().filename().string(), waited);
  }
  return found;
}

void RunDelayGauge::start() {
  before_ = absent_reason_.empty() ? delays() : Delays{};
  begin_ = Clock::now();
}

std::optional<double> RunDelayGauge::share() const {
  if (before_.empty()) return std::nullopt;
  const double window = std::chrono::duration<double>(Clock::now() - begin_).count();
  std::uint64_t longest = 0;
  for (const auto& [thread, waited] : delays()) {
    const auto before = before_.find(thread);
    longest = std::max(longest, waited - (before == before_.end() ? 0 : std::min(waited, before->second)));
  }
  return static_cast<double>(longest) * 1e-9 / std::max(window, 1e-9);
}

std::string RunDelayGauge::mark(double share) {
  if (share <= kTolerated) return "";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "tainted: waited %.1f %% of the time for a core", share * 100.0);
  return text.data();
}

}  // namespace tpscale
