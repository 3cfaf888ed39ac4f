#include "backend/cpu/process_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>

namespace tpscale::cpu {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// The value of "Key:   123 kB" in a file of /proc, in bytes.
std::size_t kilobytes_of(std::istream& file, std::string_view key) {
  std::string line;
  while (std::getline(file, line)) {
    if (line.size() <= key.size() || line.compare(0, key.size(), key) != 0 || line[key.size()] != ':')
      continue;
    std::istringstream rest(line.substr(key.size() + 1));
    std::size_t value = 0;
    rest >> value;
    return value * 1024;
  }
  return 0;
}

std::size_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::size_t value = kNone;
  if (!(file >> value)) return kNone;  // absent, or "max"
  return value;
}

/// Lowers `memory` to what a control group of this process (version 2 and 1) or one above it allows.
void apply_group_limit(ProcessMemory& memory, const std::string& root, std::string path, const char* limit,
                       const char* usage) {
  for (;;) {
    const std::size_t most = number_in(root + path + "/" + limit);
    const std::size_t used = number_in(root + path + "/" + usage);
    if (most < memory.total && used != kNone) {
      memory.total = most;
      memory.available = std::min(memory.available, most > used ? most - used : 0);
    }
    if (path.empty()) return;
    path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
  }
}

void apply_group_limits(ProcessMemory& memory) {
  std::ifstream groups("/proc/self/cgroup");
  std::string line;
  while (std::getline(groups, line)) {
    const std::size_t second = line.rfind(':');
    if (second == std::string::npos) continue;
    std::string path = line.substr(second + 1);
    if (path == "/") path.clear();
    if (line.rfind("0::", 0) == 0) {
      apply_group_limit(memory, "/sys/fs/cgroup", path, "memory.max", "memory.current");
    } else if (line.find(":memory:") != std::string::npos) {
      apply_group_limit(memory, "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes",
                        "memory.usage_in_bytes");
    }
  }
}

}  // namespace

ProcessMemory read_process_memory() {
  ProcessMemory memory;
  std::ifstream status("/proc/self/status");
  memory.peak_resident = kilobytes_of(status, "VmHWM");
  memory.resident = kilobytes_of(status, "VmRSS");
  std::ifstream machine("/proc/meminfo");
  memory.total = kilobytes_of(machine, "MemTotal");
  memory.available = kilobytes_of(machine, "MemAvailable");
  apply_group_limits(memory);
  return memory;
}

void reset_peak_resident() noexcept {
  std::ofstream file("/proc/self/clear_refs");
  file << "5";
}

}  // namespace tpscale::cpu
