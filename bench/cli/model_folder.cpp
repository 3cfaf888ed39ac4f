#include "bench/cli/model_folder.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/error.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t kLargestByteTokenizer =
    1 << 20;  // a larger file has more than 256 tokens: not worth parsing

bool byte_level_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored) || fs::file_size(path, ignored) > kLargestByteTokenizer)
    return false;
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (json.is_discarded() || !json.is_object() || !json.contains("model")) return false;
  const auto& model = json["model"];
  return model.is_object() && model.contains("merges") && model["merges"].is_array() &&
         model["merges"].empty() && model.contains("vocab") && model["vocab"].is_object() &&
         model["vocab"].size() == 256;
}

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

bool is_byte_level(const std::string& model, const ModelConfig& config) {
  if (config.vocab_size != 256) return false;
  const fs::path folder = model == "embedded" ? fs::path(embedded_model_folder()) : fs::path(model);
  return byte_level_file(folder / "tokenizer.json");
}

void require_byte_level(const std::string& model, const ModelConfig& config) {
  if (is_byte_level(model, config)) return;
  throw UsageError("text needs a byte-level model like `embedded`, and '" + model +
                   "' is none; give token ids instead (--prompt-ids, --token-ids)");
}

}  // namespace tpscale
