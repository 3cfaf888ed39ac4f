#include "bench/provenance/control_group.h"

#include <charconv>
#include <fstream>
#include <limits>
#include <sstream>
#include <vector>

#include "bench/provenance/system_file.h"

namespace tpscale {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();

double number(const std::string& text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value > 0.0 ? value : kNone;
}

/// The folder of the group and all folders above it, the mount point last.
std::vector<std::string> folders_up(const std::string& mount, std::string group) {
  std::vector<std::string> folders;
  while (!group.empty() && group != "/") {
    folders.push_back(mount + group);
    group.resize(group.find_last_of('/'));
  }
  folders.push_back(mount);
  return folders;
}

double cpus_of(const std::string& folder) {
  if (const auto line = first_line(folder + "/cpu.max")) {
    std::istringstream words(*line);
    std::string quota, period;
    words >> quota >> period;
    return number(quota) / (period.empty() ? 100000.0 : number(period));
  }
  return number(first_line(folder + "/cpu.cfs_quota_us").value_or("")) /
         number(first_line(folder + "/cpu.cfs_period_us").value_or("100000"));
}

double memory_of(const std::string& folder) {
  constexpr double kBeyondAnyMachine = 0x1p60;  // what version 1 says where there is no limit
  const auto line = first_line(folder + "/memory.max");
  const double bytes = number(line ? *line : first_line(folder + "/memory.limit_in_bytes").value_or(""));
  return bytes < kBeyondAnyMachine ? bytes : kNone;
}

std::string words(double limit, const char* unit) {
  if (!(limit < kNone)) return "none";
  std::ostringstream text;
  text.precision(15);
  text << limit << ' ' << unit;
  return text.str();
}

}  // namespace

ControlGroupLimits control_group_limits(const std::string& root) {
  double cpus = kNone;
  double memory = kNone;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // number:controllers:/path
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string mount = root + "/sys/fs/cgroup" + (controllers.empty() ? "" : "/" + controllers);
    for (const std::string& folder : folders_up(mount, line.substr(second + 1))) {
      cpus = std::min(cpus, cpus_of(folder));
      memory = std::min(memory, memory_of(folder));
    }
  }
  return {words(cpus, "CPUs"), words(memory, "B")};
}

}  // namespace tpscale
