#include "bench/preflight/libraries.h"

#include "bench/preflight/difference.h"
#include "bench/store/hdf5_version.h"

namespace tpscale {

Finding check_libraries(World& world) {
  Traits traits{{"HDF5", hdf5_version()}};
  for (auto& library : world.libraries()) traits.push_back(std::move(library));
  if (const Difference difference = find_difference(world, traits)) {
    return refused("libraries", ExitCode::kUsage,
                   difference.who() + " has loaded " + difference.name + " " + difference.value +
                       " and rank 0 " + difference.value_of_rank_zero +
                       "; let all of them load the same (LD_LIBRARY_PATH, modules)");
  }
  if (hdf5_version() != hdf5_version_built_with()) {
    return refused("libraries", ExitCode::kNotAvailable,
                   "HDF5 " + hdf5_version() + " is loaded and the program was built with " +
                       hdf5_version_built_with() + "; build it anew or load that version");
  }
  std::string text;
  for (const auto& [name, version] : traits) text += (text.empty() ? "" : ", ") + name + " " + version;
  return passed("libraries", text);
}

}  // namespace tpscale
