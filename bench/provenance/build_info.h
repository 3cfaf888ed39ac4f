#pragma once
#include <string>

namespace tpscale {

/// What this program was built from and how; written by the build.
struct BuildInfo {
  std::string version;
  std::string commit;      ///< "unknown" outside a checkout
  bool dirty = true;       ///< files differ from the commit, or nobody knows
  std::string build_type;  ///< "Release"
  std::string compiler;    ///< "GNU 12.2.0"
  std::string flags;
};

BuildInfo build_info();

}  // namespace tpscale
