#include "bench/cli/model_folder.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace tpscale {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string embedded_model_folder() {
  std::array<fs::path, 3> places;
  if (const char* folder = std::getenv("TPSCALE_MODELS")) places[0] = fs::path(folder) / "embedded";
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    // build/<preset>/bin/tpscale
    places[1] = program.parent_path().parent_path().parent_path().parent_path() / "bench/models/embedded";
  }
  places[2] = fs::path(TPSCALE_SOURCE_DIR) / "bench/models/embedded";
  for (const fs::path& place : places) {
    if (!place.empty() && fs::exists(place / "config.json", error)) return place.string();
  }
  return places[2].string();
}

}  // namespace tpscale
