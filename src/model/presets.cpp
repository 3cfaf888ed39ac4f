#include <array>
#include <string>

#include "core/error.h"
#include "model/config.h"
#include "model/tensor_list.h"

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
  double norm_epsilon, rope_theta;
  bool tied_embeddings;
};

constexpr std::array<Preset, 10> kPresets{{
    {"tiny", "llama", 512, 128, 256, 4, 8, 8, 16, 4096, 1e-5, 1e4, false},
    {"pythia-70m", "gpt_neox", 50304, 512, 2048, 6, 8, 8, 64, 2048, 1e-5, 1e4, false},
    {"gpt2", "gpt2", 50257, 768, 3072, 12, 12, 12, 64, 1024, 1e-5, 0, true},
    {"qwen3-0.6b", "qwen3", 151936, 1024, 3072, 28, 16, 8, 128, 40960, 1e-6, 1e6, true},
    {"pythia-2.8b", "gpt_neox", 50304, 2560, 10240, 32, 32, 32, 80, 2048, 1e-5, 1e4, false},
    {"llama-2-7b", "llama", 32000, 4096, 11008, 32, 32, 32, 128, 4096, 1e-5, 1e4, false},
    {"mistral-7b", "mistral", 32000, 4096, 14336, 32, 32, 8, 128, 32768, 1e-5, 1e4, false},
    {"llama-3.1-8b", "llama", 128256, 4096, 14336, 32, 32, 8, 128, 131072, 1e-5, 5e5, false},
    {"qwen3-8b", "qwen3", 151936, 4096, 12288, 36, 32, 8, 128, 40960, 1e-6, 1e6, false},
    {"llama-2-13b", "llama", 32000, 5120, 13824, 40, 40, 40, 128, 4096, 1e-5, 1e4, false},
}};

/// What the presets of one family share.
void set_family(ModelConfig& config) {
  config.qk_norm = config.architecture == "qwen3";
  if (config.architecture == "mistral") config.sliding_window = 4096;
  if (config.architecture != "gpt_neox" && config.architecture != "gpt2") return;
  config.norm = NormKind::kLayer;
  config.qkv_bias = config.o_bias = config.mlp_bias = true;
  const bool neox = config.architecture == "gpt_neox";
  config.activation = neox ? Activation::kGelu : Activation::kGeluTanh;
  config.parallel_residual = neox;
  config.rotary_share = neox ? 0.25 : 1.0;
  config.learned_positions = !neox;
}

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
    config.norm_epsilon = preset.norm_epsilon;
    if (preset.rope_theta > 0) config.rope.theta = preset.rope_theta;
    set_family(config);
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
  std::int64_t count = 0;
  for (const TensorSpec& tensor : tensor_list(config)) count += tensor.rows * tensor.cols;
  return count;
}

}  // namespace tpscale
