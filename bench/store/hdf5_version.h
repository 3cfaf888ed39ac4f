#pragma once
#include <string>

namespace tpscale {

std::string hdf5_version();             ///< of the library that is loaded: "1.10.8"
std::string hdf5_version_built_with();  ///< of its headers

}  // namespace tpscale
