#include "bench/micro/scratch_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/error.h"

namespace tpscale {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder(const std::string& where) {
  const fs::path parent = where.empty() ? fs::temp_directory_path() : fs::path(where);
  std::string name = (parent / "tpscale-micro-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw InputOutputError("no folder can be made in '" + parent.string() + "': " + std::strerror(errno) +
                           " (--scratch names another place)");
  }
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace tpscale
