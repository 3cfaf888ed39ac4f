#include "parallel/placement/available_cores.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

namespace tpscale {
namespace {

// cpu_set_t ends at 1024 processors; a larger machine needs a larger set.
constexpr int kMaxProcessors = 8192;

class CpuSet {
 public:
  CpuSet() : set_(CPU_ALLOC(kMaxProcessors)) { CPU_ZERO_S(bytes(), set_); }
  ~CpuSet() { CPU_FREE(set_); }
  CpuSet(const CpuSet&) = delete;
  CpuSet& operator=(const CpuSet&) = delete;
  static std::size_t bytes() { return CPU_ALLOC_SIZE(kMaxProcessors); }
  cpu_set_t* get() { return set_; }

 private:
  cpu_set_t* set_;
};

std::vector<int> affinity_of(pid_t process) {
  CpuSet set;
  std::vector<int> cores;
  if (sched_getaffinity(process, CpuSet::bytes(), set.get()) != 0) return cores;
  for (int core = 0; core < kMaxProcessors; ++core) {
    if (CPU_ISSET_S(static_cast<std::size_t>(core), CpuSet::bytes(), set.get())) cores.push_back(core);
  }
  return cores;
}

int topology(int core, const char* name) {
  std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(core) + "/topology/" + name);
  int value = 0;
  return file >> value ? value : 0;
}

bool bound_by_mpirun() {
  const char* value = std::getenv("OMPI_MCA_orte_bound_at_launch");
  return value != nullptr && std::string_view(value) != "0";
}

/// This process's control group: version 2's, or that of the `cpu` controller of version 1.
std::string control_group(bool version_2) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {  // number:controller,controller:path
    const auto controllers = line.find(':') + 1;
    const auto path = line.find(':', controllers) + 1;
    if (controllers == 0 || path == 0) continue;
    const std::string names = "," + line.substr(controllers, path - 1 - controllers) + ",";
    if (version_2 ? names == ",," : names.find(",cpu,") != std::string::npos) return line.substr(path);
  }
  return "/";
}

double quota_of(const std::filesystem::path& folder) {
  constexpr double kUnlimited = 1e9;
  double quota = 0;
  double period = 0;
  if (std::ifstream file(folder / "cpu.max"); file >> quota >> period)
    return quota / period;  // "max" is no number
  std::ifstream quota_file(folder / "cpu.cfs_quota_us");
  std::ifstream period_file(folder / "cpu.cfs_period_us");
  if (quota_file >> quota && period_file >> period && quota > 0 && period > 0) return quota / period;
  return kUnlimited;
}

double own_quota() {
  return std::min(cpu_quota("/sys/fs/cgroup", control_group(true)),
                  cpu_quota("/sys/fs/cgroup/cpu", control_group(false)));
}

}  // namespace

double cpu_quota(const std::filesystem::path& root, const std::string& group) {
  double quota = quota_of(root);
  std::filesystem::path folder = root;
  for (const auto& part : std::filesystem::path(group).relative_path()) {
    folder /= part;
    quota = std::min(quota, quota_of(folder));
  }
  return quota;
}

AvailableCores available_cores() {
  AvailableCores result;
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  result.host = host.data();
  result.cores = affinity_of(0);
  if (bound_by_mpirun()) {
    std::vector<int> all;
    std::ranges::set_union(result.cores, affinity_of(getppid()), std::back_inserter(all));
    result.cores = std::move(all);
  }
  if (result.cores.empty()) result.cores = {0};
  std::ranges::stable_sort(result.cores, {}, [](int core) {
    return std::pair(topology(core, "physical_package_id"), topology(core, "core_id"));
  });
  for (const int core : result.cores) result.physical.push_back(physical_core(core));
  result.quota = own_quota();
  return result;
}

int physical_core(int core, const std::filesystem::path& root) {
  // Not core_id, which counts within a package, and which is 0 for all where topology() cannot read it.
  std::ifstream file(root / ("cpu" + std::to_string(core)) / "topology/thread_siblings_list");
  int first = 0;
  return file >> first ? first : core;
}

int launcher_cores() {
  const double cores = static_cast<double>(affinity_of(getppid()).size());
  return static_cast<int>(std::min(cores, own_quota()));
}

void move_process_to(const std::vector<int>& cores) {
  CpuSet set;
  for (const int core : cores) CPU_SET_S(static_cast<std::size_t>(core), CpuSet::bytes(), set.get());
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    sched_setaffinity(std::atoi(task.path().filename().c_str()), CpuSet::bytes(), set.get());
  }
}

}  // namespace tpscale
