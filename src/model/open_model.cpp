#include <filesystem>
#include <string>

#include "core/error.h"
#include "model/checkpoint.h"
#include "model/flat_json.h"
#include "model/model_source.h"
#include "model/synthetic.h"

namespace tpscale {

std::unique_ptr<ModelSource> open_model(const std::string& model, const std::string& embedded_folder,
                                        std::uint64_t seed) {
  if (model == "embedded") return std::make_unique<Checkpoint>(embedded_folder, model);
  if (is_preset(model)) return std::make_unique<SyntheticModel>(preset_config(model), seed);
  std::error_code ignored;
  if (!std::filesystem::is_directory(model, ignored)) {
    std::string presets;
    for (const std::string_view name : preset_names())
      presets += (presets.empty() ? "" : ", ") + std::string(name);
    throw MissingInputError("model '" + printable(model) +
                            "' is neither a folder nor a preset; presets are: " + presets);
  }
  return std::make_unique<Checkpoint>(model, model);
}

}  // namespace tpscale
