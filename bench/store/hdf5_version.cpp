#include "bench/store/hdf5_version.h"

#include "bench/store/hdf5_handle.h"

namespace tpscale {

std::string hdf5_version() {
  prepare_hdf5();
  unsigned major = 0, minor = 0, release = 0;
  if (H5get_libversion(&major, &minor, &release) < 0) return "unknown";
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

std::string hdf5_version_built_with() {
  return std::to_string(H5_VERS_MAJOR) + "." + std::to_string(H5_VERS_MINOR) + "." +
         std::to_string(H5_VERS_RELEASE);
}

}  // namespace tpscale
