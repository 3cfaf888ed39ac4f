#include <array>
#include <string>

#include "core/error.h"
#include "model/config.h"

namespace tpscale {
namespace {

/// A folder with a trained model, which open_model() finds; it has no shape until its config.json is read.
constexpr std::string_view kEmbedded = "embedded";

/// Shapes as in the config.json that their makers published.
struct Preset {
  std::string_view name;
  std::string_view architecture;
  std::int64_t vocab_size, hidden_size, intermediate_size, num_layers, num_heads, num_kv_heads, head_dim;
  std::int64_t max_position_embeddings;
  double rms_norm_eps, rope_theta;
  bool tied_embeddings;
};

constexpr std::array<Preset, 6> kPresets{{
    {"tiny", "llama", 512, 128, 256, 4, 8, 8, 16, 4096, 1e-5, 1e4, false},
    {"qwen3-0.6b", "qwen3", 151936, 1024, 3072, 28, 16, 8, 128, 40960, 1e-6, 1e6, true},
    {"qwen3-8b", "qwen3", 151936, 4096, 12288, 36, 32, 8, 128, 40960, 1e-6, 1e6, false},
    {"llama-2-7b", "llama", 32000, 4096, 11008, 32, 32, 32, 128, 4096, 1e-5, 1e4, false},
    {"llama-2-13b", "llama", 32000, 5120, 13824, 40, 40, 40, 128, 4096, 1e-5, 1e4, false},
    {"llama-3.1-8b", "llama", 128256, 4096, 14336, 32, 32, 8, 128, 131072, 1e-5, 5e5, false},
}};

std::string joined_presets() {
  std::string names;
  for (const std::string_view name : preset_names()) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

}  // namespace

std::vector<std::string_view> preset_names() {
  std::vector<std::string_view> names;
  for (const Preset& preset : kPresets) {
    names.push_back(preset.name);
    if (preset.name == "tiny") names.push_back(kEmbedded);
  }
  return names;
}

bool is_preset(std::string_view name) {
  for (const std::string_view known : preset_names()) {
    if (known == name) return true;
  }
  return false;
}

ModelConfig preset_config(std::string_view name) {
  for (const Preset& preset : kPresets) {
    if (preset.name != name) continue;
    ModelConfig config;
    config.name = preset.name;
    config.architecture = preset.architecture;
    config.vocab_size = preset.vocab_size;
    config.hidden_size = preset.hidden_size;
    config.intermediate_size = preset.intermediate_size;
    config.num_layers = preset.num_layers;
    config.num_heads = preset.num_heads;
    config.num_kv_heads = preset.num_kv_heads;
    config.head_dim = preset.head_dim;
    config.max_position_embeddings = preset.max_position_embeddings;
    config.rms_norm_eps = preset.rms_norm_eps;
    config.rope.theta = preset.rope_theta;
    config.qk_norm = preset.architecture == "qwen3";
    config.tied_embeddings = preset.tied_embeddings;
    if (preset.name == "llama-3.1-8b") {
      config.rope.scaling = RopeScaling::kLlama3;
      config.rope.factor = 8.0;
      config.rope.original_max_position_embeddings = 8192;
    }
    return config;
  }
  if (name == kEmbedded)
    throw UsageError("model 'embedded' is a checkpoint: its shape is in its config.json");
  throw UsageError("'" + std::string(name) + "' is not a preset; presets are: " + joined_presets());
}

std::int64_t parameter_count(const ModelConfig& config) {
  const std::int64_t q_cols = config.num_heads * config.head_dim;
  const std::int64_t kv_cols = config.num_kv_heads * config.head_dim;
  std::int64_t layer = (q_cols + 2 * kv_cols) * config.hidden_size + config.hidden_size * q_cols +
                       3 * config.intermediate_size * config.hidden_size + 2 * config.hidden_size;
  if (config.qk_norm) layer += 2 * config.head_dim;
  if (config.attention_bias) layer += q_cols + 2 * kv_cols + config.hidden_size;
  if (config.mlp_bias) layer += 2 * config.intermediate_size + config.hidden_size;
  const std::int64_t tables = (config.tied_embeddings ? 1 : 2) * config.vocab_size * config.hidden_size;
  return tables + config.num_layers * layer + config.hidden_size;
}

}  // namespace tpscale
