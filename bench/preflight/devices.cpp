#include "bench/preflight/devices.h"

#include <algorithm>
#include <sstream>

#include "bench/preflight/difference.h"
#include "bench/print/number.h"
#include "bench/trial/model_session.h"
#include "parallel/world/gather_text.h"

namespace tpscale {
namespace {

struct Device {
  std::string id;
  int visible = 0;  ///< devices that the rank could have taken; 0: the backend does not tell
};

std::vector<Device> gather_devices(World& world, const Backend& backend) {
  const auto facts = backend.facts();
  const auto visible = facts.find("visible_devices");
  std::vector<Device> devices;
  const std::string mine = (visible == facts.end() ? "0" : visible->second) + " " + backend.device_id();
  for (const std::string& text : gather_text(world, mine)) {
    std::istringstream words(text);
    words >> devices.emplace_back().visible;
    words.ignore(1);
    std::getline(words, devices.back().id);
  }
  return devices;
}

Finding sharing(const World& world, const std::vector<Device>& devices, int first, int second, int degree,
                bool allowed) {
  const auto& places = world.places();
  const std::string& host = places[static_cast<std::size_t>(first)].host;
  const auto ranks = std::ranges::count_if(
      places, [&](const RankPlace& place) { return place.host == host && place.rank < degree; });
  const Device& device = devices[static_cast<std::size_t>(first)];
  const bool enough = device.visible >= ranks;
  const std::string what = "ranks " + std::to_string(first) + " and " + std::to_string(second) + " on " +
                           host + " work on the same GPU (" + device.id + ") " +
                           (enough ? "although" : "as") + " the host shows " +
                           std::to_string(device.visible) + " to its " + std::to_string(ranks) + " ranks; ";
  if (enough) {
    return refused(
        "devices", ExitCode::kNotAvailable,
        what +
            "give each rank one of its own (CUDA_VISIBLE_DEVICES, srun --gpu-bind), or say that it "
            "is meant with --communicator mpi");
  }
  if (!allowed) {
    return refused("devices", ExitCode::kNotAvailable,
                   what + "NCCL wants one for each: start fewer ranks there or use --communicator mpi");
  }
  return doubtful("devices", ExitCode::kNotAvailable,
                  what +
                      "their points are marked oversubscribed: start fewer ranks there, or say that it is "
                      "meant with --communicator mpi");
}

}  // namespace

Finding check_devices(World& world, const Backend& backend, const ParallelOptions& parallel, int degree) {
  Traits traits{{"device", backend.device_name()}};
  for (const auto& [name, fact] : backend.facts()) {
    if (name == "cuda_driver" || name == "cuda_runtime" || name == "cublas_lt" || name == "driver" ||
        name == "onednn" || name == "instruction_set")
      traits.emplace_back(name, fact);
  }
  const Difference difference = find_difference(world, traits);
  const std::vector<Device> devices = gather_devices(world, backend);
  for (int second = 1; second < degree; ++second) {
    const Device& device = devices[static_cast<std::size_t>(second)];
    const auto same = std::ranges::find(devices, device.id, &Device::id) - devices.begin();
    if (device.id.empty() || same == second) continue;
    if (parallel.communicator == "mpi" || parallel.nccl_ranks_per_gpu > 1)
      return passed("devices", "ranks share " + device.id + ", as asked for");
    return sharing(world, devices, static_cast<int>(same), second, degree, parallel.communicator != "nccl");
  }
  if (difference && difference.rank < degree) {
    return doubtful("devices", ExitCode::kNotAvailable,
                    difference.who() + " has " + difference.name + " " + difference.value +
                        " and rank 0 has " + difference.value_of_rank_zero +
                        "; the slower one sets the pace of both");
  }
  return passed("devices", std::to_string(degree) + " x " + backend.device_name());
}

Finding check_memory(World& world, const Backend& backend, std::size_t bytes_a_rank, int degree) {
  try {
    together(world, [&] {
      if (world.rank() < degree) require_memory(world, backend, bytes_a_rank, degree);
    });
  } catch (const OutOfMemoryError& error) {
    return doubtful("memory", error.code(), error.what());
  }
  return passed("memory", bytes_text(static_cast<double>(bytes_a_rank)) + " a rank are planned and fit");
}

}  // namespace tpscale
