#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace tpscale {

/// What one rank may use of its host.
struct AvailableCores {
  std::string host;
  std::vector<int> cores;  ///< logical processors, those of one package and of one physical core side by side
  double quota = 1e9;      ///< processors' worth of time the control group grants
  std::vector<int> physical = {};  ///< the physical_core() of each; empty: each is one
};

/// Asks the kernel, before anything was pinned. A binding by mpirun is looked through: it is made for one
/// thread a rank, and mpirun's own process still has the cores the user gave it. A binding by Slurm or
/// taskset is kept.
AvailableCores available_cores();

/// The physical core of a logical processor, named by the first of its hyperthreads; itself where the kernel
/// does not say. `root` for tests.
int physical_core(int core, const std::filesystem::path& root = "/sys/devices/system/cpu");

/// How many cores what started this process (mpirun, slurmstepd, a shell) may use, at most its quota: more
/// than available_cores() where the process was bound.
int launcher_cores();

/// Moves every thread of this process to `cores`. Quietly does nothing where the kernel does not allow it.
void move_process_to(const std::vector<int>& cores);

/// Processors' worth of time that the control groups `group` ("/a/b") and its parents below `root` allow
/// (cpu.max of version 2, cpu.cfs_quota_us of version 1); 1e9 without a limit.
double cpu_quota(const std::filesystem::path& root, const std::string& group);

}  // namespace tpscale
