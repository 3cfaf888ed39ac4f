#include "bench/cli/model_text.h"

#include <filesystem>

#include "bench/cli/model_folder.h"
#include "core/error.h"
#include "model/config.h"
#include "model/model_file.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFile = "tokenizer.json";

}  // namespace

Tokenizer open_tokenizer(const std::string& folder_or_file) {
  std::error_code ignored;
  const fs::path path(folder_or_file);
  const bool folder = fs::is_directory(path, ignored);
  const ModelFile file(folder                   ? path.string()
                       : path.has_parent_path() ? path.parent_path().string()
                                                : ".",
                       folder ? kFile : path.filename().string());
  return {file.read_all(Tokenizer::kLargestFile), file.path()};
}

std::unique_ptr<Tokenizer> find_tokenizer(const std::string& model) {
  if (model != "embedded" && is_preset(model)) return nullptr;
  const fs::path folder = model == "embedded" ? embedded_model_folder() : model;
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(folder / kFile, ignored))) return nullptr;
  return std::make_unique<Tokenizer>(open_tokenizer(folder.string()));
}

std::unique_ptr<Tokenizer> require_tokenizer(const std::string& model) {
  if (auto tokenizer = find_tokenizer(model)) return tokenizer;
  throw UsageError("text needs a tokenizer, and the model '" + model +
                   "' has no tokenizer.json; give token ids instead (--prompt-ids, --token-ids)");
}

}  // namespace tpscale
