#pragma once
#include <string>

namespace tpscale {

/// Where the embedded model lies: $TPSCALE_MODELS/embedded, else beside the program's source tree (seen from
/// the executable or from where it was built). The first that has a config.json; else the last one tried.
std::string embedded_model_folder();

}  // namespace tpscale
