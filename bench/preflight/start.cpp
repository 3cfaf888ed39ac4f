#include "bench/preflight/start.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "bench/preflight/difference.h"
#include "bench/provenance/environment.h"
#include "bench/provenance/provenance.h"

namespace tpscale {
namespace {

constexpr std::array<std::string_view, 3> kOfTheLauncher{"OMPI_", "SLURM_", "UCX_"};
constexpr std::array<std::string_view, 16> kOfOneRank{"HDF5_USE_FILE_LOCKING",  // rank 0 alone writes
                                                      "CUDA_VISIBLE_DEVICES",
                                                      "CUDA_MPS_PIPE_DIRECTORY",
                                                      "CUDA_MPS_LOG_DIRECTORY",
                                                      "CUDA_CACHE_PATH",
                                                      "NCCL_SOCKET_IFNAME",
                                                      "NCCL_IB_HCA",
                                                      "NCCL_HOSTID",
                                                      "NCCL_TOPO_FILE",
                                                      "NCCL_TOPO_DUMP_FILE",
                                                      "NCCL_GRAPH_DUMP_FILE",
                                                      "NCCL_DEBUG",
                                                      "NCCL_DEBUG_FILE",
                                                      "NCCL_DEBUG_SUBSYS",
                                                      "OMP_PLACES",
                                                      "GOMP_CPU_AFFINITY"};

Finding check_program(World& world) {
  const Difference difference = find_difference(world, {{"program", binary_hash()}});
  if (!difference) return passed("program", "the same on all ranks");
  return refused("program", ExitCode::kUsage,
                 difference.who() + " runs another program than rank 0; start the same file on every host");
}

Finding check_arguments(World& world, std::span<const std::string> arguments) {
  const Difference difference = find_difference(world, {{"arguments", shell_line(arguments)}});
  if (!difference) return passed("arguments", "the same on all ranks");
  return refused("arguments", ExitCode::kUsage,
                 difference.who() + " was started with the arguments " + difference.value +
                     " and rank 0 with " + difference.value_of_rank_zero + "; give all ranks the same");
}

Finding check_environment(World& world) {
  Traits traits;
  for (char* const* entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line = *entry;
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && must_agree(line.substr(0, equals)))
      traits.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  const Difference difference = find_difference(world, traits);
  if (!difference)
    return passed("environment", std::to_string(traits.size()) + " variables that matter agree");
  return refused("environment", ExitCode::kUsage,
                 difference.who() + " has " + difference.name + " " + difference.value + " and rank 0 has " +
                     difference.value_of_rank_zero + "; set it alike on all (mpirun -x " + difference.name +
                     ", srun --export=ALL)");
}

}  // namespace

bool must_agree(std::string_view variable) {
  return is_stored_variable(variable) && std::ranges::find(kOfOneRank, variable) == kOfOneRank.end() &&
         std::ranges::none_of(kOfTheLauncher, [&](auto prefix) { return variable.starts_with(prefix); });
}

std::vector<Finding> check_start(World& world, std::span<const std::string> arguments) {
  if (world.size() == 1) return {};
  // One after the other: another program may know nothing of what follows.
  std::vector<Finding> findings{check_program(world)};
  if (findings.back().passed()) findings.push_back(check_arguments(world, arguments));
  if (findings.back().passed()) findings.push_back(check_environment(world));
  return findings;
}

}  // namespace tpscale
