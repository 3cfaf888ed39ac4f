#include <array>
#include <charconv>
#include <filesystem>
#include <string>

#include "core/error.h"
#include "model/config.h"
#include "model/flat_json.h"
#include "model/model_file.h"

namespace tpscale {
namespace {

constexpr std::int64_t kMaxConfigBytes = std::int64_t{1} << 20;
constexpr std::int64_t kMaxVocab = std::int64_t{1} << 22;
constexpr std::int64_t kMaxWidth = std::int64_t{1} << 17;
constexpr std::int64_t kMaxIntermediate = std::int64_t{1} << 20;
constexpr std::int64_t kMaxLayers = 1024;
constexpr std::int64_t kMaxHeads = 1024;
constexpr std::int64_t kMaxHeadDim = 1024;
constexpr std::string_view kLayerTypes = "layer_types/";
constexpr std::int64_t kMaxPositions = std::int64_t{1} << 24;

/// A family, and what its configuration class of transformers 4.57 takes where config.json is silent. 0:
/// derived.
struct Family {
  std::string_view architecture, model_type;
  std::int64_t num_kv_heads, head_dim, max_position_embeddings;
};
constexpr std::array<Family, 6> kFamilies{{
    {"LlamaForCausalLM", "llama", 0, 0, 2048},
    {"MistralForCausalLM", "mistral", 8, 0, 131072},
    {"Qwen2ForCausalLM", "qwen2", 32, 0, 32768},
    {"Qwen3ForCausalLM", "qwen3", 32, 128, 32768},
    {"GPTNeoXForCausalLM", "gpt_neox", 0, 0, 2048},
    {"GPT2LMHeadModel", "gpt2", 0, 0, 1024},
}};

const Family& family_of(const FlatJson& json) {
  const bool named = json.find("architectures/0") != nullptr;
  const std::string name = named ? json.text("architectures/0", "") : json.text("model_type", "");
  for (const Family& family : kFamilies) {
    if (name == (named ? family.architecture : family.model_type)) return family;
  }
  std::string known;
  for (const Family& family : kFamilies)
    known += (known.empty() ? "" : ", ") + std::string(family.architecture);
  json.fail((name.empty() ? "names no architecture" : "architecture '" + printable(name) + "' is not known") +
            "; known are: " + known);
}

Dtype read_dtype(const FlatJson& json) {
  const std::string name = json.text("dtype", json.text("torch_dtype", "float32"));
  if (name == "float32" || name == "auto") return Dtype::kF32;
  if (name == "bfloat16") return Dtype::kBF16;
  if (name == "float16") return Dtype::kF16;
  json.fail("dtype '" + printable(name) + "' is not known; known are: float32, bfloat16, float16");
}

struct NamedScaling {
  std::string_view name;
  RopeScaling scaling;
};
constexpr std::array<NamedScaling, 5> kScalings{{{"default", RopeScaling::kNone},
                                                 {"linear", RopeScaling::kLinear},
                                                 {"dynamic", RopeScaling::kDynamic},
                                                 {"llama3", RopeScaling::kLlama3},
                                                 {"yarn", RopeScaling::kYarn}}};

RopeScaling read_scaling(const FlatJson& json, const std::string& name) {
  std::string known;
  for (const NamedScaling& entry : kScalings) {
    if (entry.name == name) return entry.scaling;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  json.fail("rope type '" + printable(name) + "' is not known; known are: " + known);
}

/// Keys of rope_scaling, or of rope_parameters as transformers 5 writes it (with rope_theta within).
RopeConfig read_rope(const FlatJson& json, std::int64_t rotary_dim) {
  RopeConfig rope;
  const bool newer = json.find("rope_parameters") != nullptr;
  const bool older = json.find("rope_scaling") != nullptr;
  if (newer && older) json.fail("has both rope_scaling and rope_parameters: remove one");
  const std::string at = newer ? "rope_parameters" : "rope_scaling";
  // GPT-NeoX: what its older files call rotary_emb_base
  rope.theta =
      json.number("rope_theta", 1.001, 1e12, json.number("rotary_emb_base", 1.001, 1e12, rope.theta));
  if (!newer && !older) return rope;
  if (!std::holds_alternative<FlatJson::Container>(*json.find(at))) json.fail(at + " must be an object");
  rope.theta = json.number(at + "/rope_theta", 1.001, 1e12, rope.theta);
  const std::string type = json.text(at + "/type", json.text(at + "/rope_type", newer ? "default" : ""));
  if (type.empty()) json.fail(at + "/rope_type is missing");
  rope.scaling = read_scaling(json, type);
  if (rope.scaling == RopeScaling::kNone) return rope;

  json.require(at + "/factor");
  rope.factor = json.number(at + "/factor", 1.0, 1e4, 1.0);
  rope.original_max_position_embeddings =
      json.integer(at + "/original_max_position_embeddings", 1, kMaxPositions, 0);
  if (rope.scaling == RopeScaling::kLlama3) {
    for (const char* key : {"/low_freq_factor", "/high_freq_factor", "/original_max_position_embeddings"}) {
      json.require(at + key);
    }
    rope.low_freq_factor = json.number(at + "/low_freq_factor", 1e-3, 1e6, 1.0);
    rope.high_freq_factor = json.number(at + "/high_freq_factor", 1e-3, 1e6, 4.0);
    if (rope.high_freq_factor <= rope.low_freq_factor) {
      json.fail(at + "/high_freq_factor must be greater than low_freq_factor");
    }
  }
  if (rope.scaling == RopeScaling::kYarn) {
    rope.beta_fast = json.number(at + "/beta_fast", 1e-3, 1e6, rope.beta_fast);
    rope.beta_slow = json.number(at + "/beta_slow", 1e-3, 1e6, rope.beta_slow);
    if (json.find(at + "/attention_factor") != nullptr) {
      rope.attention_factor = json.number(at + "/attention_factor", 1e-3, 1e3, 1.0);
    }
    rope.mscale = json.number(at + "/mscale", 0.0, 1e3, 0.0);
    rope.mscale_all_dim = json.number(at + "/mscale_all_dim", 0.0, 1e3, 0.0);
    rope.truncate = json.boolean(at + "/truncate", true);
  }
  if (rope.scaling == RopeScaling::kDynamic && rotary_dim < 4) {
    json.fail("rope type 'dynamic' needs at least 4 rotated components of a head");
  }
  return rope;
}

std::int64_t required(const FlatJson& json, const std::string& path, std::int64_t largest) {
  json.require(path);
  return json.integer(path, 1, largest, 0);
}

struct NamedActivation {
  std::string_view name;
  Activation activation;
};
/// Names of transformers' ACT2FN; gelu_fast and the two others differ in rounding alone.
constexpr std::array<NamedActivation, 4> kGelus{{{"gelu", Activation::kGelu},
                                                 {"gelu_new", Activation::kGeluTanh},
                                                 {"gelu_fast", Activation::kGeluTanh},
                                                 {"gelu_pytorch_tanh", Activation::kGeluTanh}}};

Activation read_gelu(const FlatJson& json, const std::string& key, const std::string& by_default) {
  const std::string name = json.text(key, by_default);
  std::string known;
  for (const NamedActivation& gelu : kGelus) {
    if (gelu.name == name) return gelu.activation;
    known += (known.empty() ? "" : ", ") + std::string(gelu.name);
  }
  json.fail(key + " '" + printable(name) + "' is not supported; supported are: " + known);
}

void require_silu(const FlatJson& json) {
  const std::string activation = json.text("hidden_act", "silu");
  if (activation != "silu" && activation != "swish") {
    json.fail("hidden_act '" + printable(activation) + "' is not supported: it must be silu");
  }
}

/// Which layers see a window only: all of Mistral's; of Qwen's those from max_window_layers on, where it is
/// switched on. layer_types, where it is there, must say the same.
void read_window(const FlatJson& json, ModelConfig& config) {
  const bool mistral = config.architecture == "mistral";
  const bool qwen = config.architecture.starts_with("qwen");
  const bool null_window = json.values().contains("sliding_window") && json.find("sliding_window") == nullptr;
  if (mistral || (qwen && json.boolean("use_sliding_window", false))) {
    config.sliding_window = json.integer("sliding_window", 1, kMaxPositions, null_window ? 0 : 4096);
    config.first_window_layer = mistral ? 0 : json.integer("max_window_layers", 0, kMaxLayers, 28);
  }
  if (!qwen && !mistral && json.boolean("use_sliding_window", false)) {
    json.fail("use_sliding_window is not supported for this architecture: it must be false");
  }
  for (const auto& [path, value] : json.values()) {
    if (!path.starts_with(kLayerTypes)) continue;
    const auto* type = std::get_if<std::string>(&value);
    std::int64_t layer = 0;
    std::from_chars(path.data() + kLayerTypes.size(), path.data() + path.size(), layer);
    const bool windowed = config.window_of(layer) > 0;
    if (type == nullptr || *type != (windowed ? "sliding_attention" : "full_attention")) {
      json.fail(path + " is not supported: it must be " +
                (windowed ? "sliding_attention" : "full_attention") +
                ", as the settings of the sliding window say");
    }
  }
}

/// Settings that would change the result and that this suite does not compute.
void refuse_unsupported(const FlatJson& json) {
  if (json.find("quantization_config") != nullptr) {
    json.fail("quantization_config is not supported: weights must be f32, bf16 or f16");
  }
  if (!json.boolean("scale_attn_weights", true) || json.boolean("scale_attn_by_inverse_layer_idx", false)) {
    json.fail(
        "scale_attn_weights must be true and scale_attn_by_inverse_layer_idx false: others are not "
        "supported");
  }
  if (json.boolean("add_cross_attention", false)) {
    json.fail("add_cross_attention is not supported: it must be false");
  }
}

/// GPT-2 spells its keys its own way.
void read_gpt2(const FlatJson& json, ModelConfig& config) {
  config.vocab_size = required(json, "vocab_size", kMaxVocab);
  config.hidden_size = required(json, "n_embd", kMaxWidth);
  config.num_layers = required(json, "n_layer", kMaxLayers);
  config.num_heads = config.num_kv_heads = required(json, "n_head", kMaxHeads);
  config.intermediate_size = json.integer("n_inner", 1, kMaxIntermediate, 4 * config.hidden_size);
  config.max_position_embeddings = json.integer("n_positions", 1, kMaxPositions, 1024);
  config.norm = NormKind::kLayer;
  config.norm_epsilon = json.number("layer_norm_epsilon", 0.0, 1.0, 1e-5);
  config.learned_positions = true;
  config.activation = read_gelu(json, "activation_function", "gelu_new");
  config.qkv_bias = config.o_bias = config.mlp_bias = true;
  config.tied_embeddings = json.boolean("tie_word_embeddings", true);
}

/// The keys that all other families share.
void read_sizes(const FlatJson& json, const Family& family, ModelConfig& config) {
  config.vocab_size = required(json, "vocab_size", kMaxVocab);
  config.hidden_size = required(json, "hidden_size", kMaxWidth);
  config.intermediate_size = required(json, "intermediate_size", kMaxIntermediate);
  config.num_layers = required(json, "num_hidden_layers", kMaxLayers);
  config.num_heads = required(json, "num_attention_heads", kMaxHeads);
  const bool null_kv_heads = json.values().contains("num_key_value_heads");
  config.num_kv_heads =
      json.integer("num_key_value_heads", 1, kMaxHeads,
                   family.num_kv_heads == 0 || null_kv_heads ? config.num_heads : family.num_kv_heads);
  config.max_position_embeddings =
      json.integer("max_position_embeddings", 1, kMaxPositions, family.max_position_embeddings);
  config.tied_embeddings = json.boolean("tie_word_embeddings", false);
}

void read_neox(const FlatJson& json, ModelConfig& config) {
  if (config.num_kv_heads != config.num_heads) json.fail("num_key_value_heads is not a setting of GPT-NeoX");
  config.norm = NormKind::kLayer;
  config.norm_epsilon = json.number("layer_norm_eps", 0.0, 1.0, 1e-5);
  config.rotary_share =
      json.number("rotary_pct", 0.0, 1.0, json.number("partial_rotary_factor", 0.0, 1.0, 0.25));
  config.activation = read_gelu(json, "hidden_act", "gelu");
  config.parallel_residual = json.boolean("use_parallel_residual", true);
  config.qkv_bias = config.o_bias = json.boolean("attention_bias", true);
  config.mlp_bias = true;
}

void read_llama_like(const FlatJson& json, ModelConfig& config) {
  require_silu(json);
  for (const char* path : {"partial_rotary_factor", "rope_parameters/partial_rotary_factor"}) {
    if (json.number(path, 0.0, 1.0, 1.0) < 1.0)
      json.fail(std::string(path) + " is not supported: it must be 1");
  }
  config.norm_epsilon = json.number("rms_norm_eps", 0.0, 1.0, 1e-6);
  config.qk_norm = config.architecture == "qwen3";
  const bool settable = config.architecture == "llama" || config.architecture == "qwen3";
  config.qkv_bias = config.o_bias = settable && json.boolean("attention_bias", false);
  if (config.architecture == "qwen2") config.qkv_bias = true;
  config.mlp_bias = config.architecture == "llama" && json.boolean("mlp_bias", false);
}

void read_head_dim(const FlatJson& json, const Family& family, ModelConfig& config) {
  if (config.num_heads % config.num_kv_heads != 0) {
    json.fail("num_attention_heads (" + std::to_string(config.num_heads) +
              ") must be divisible by num_key_value_heads (" + std::to_string(config.num_kv_heads) + ")");
  }
  const bool fixed = config.architecture == "gpt2" || config.architecture == "gpt_neox";
  config.head_dim = fixed ? 0 : json.integer("head_dim", 2, kMaxHeadDim, family.head_dim);
  if (config.head_dim == 0) {
    if (config.hidden_size % config.num_heads != 0) {
      json.fail("hidden_size must be divisible by num_attention_heads where head_dim is not given");
    }
    config.head_dim = config.hidden_size / config.num_heads;
  }
  if (config.head_dim % 2 != 0 || config.head_dim > kMaxHeadDim) {
    json.fail("head_dim must be even and at most " + std::to_string(kMaxHeadDim));
  }
}

}  // namespace

ModelConfig parse_config(std::string_view text, const std::string& name) {
  const FlatJson json(text, name);
  const Family& family = family_of(json);
  ModelConfig config;
  config.architecture = family.model_type;
  if (config.architecture == "gpt2") {
    read_gpt2(json, config);
  } else {
    read_sizes(json, family, config);
    config.architecture == "gpt_neox" ? read_neox(json, config) : read_llama_like(json, config);
  }
  read_head_dim(json, family, config);
  if (config.rotary_dim() % 2 != 0) json.fail("the rotated part of a head must have an even size");
  if (!config.learned_positions) config.rope = read_rope(json, config.rotary_dim());
  config.dtype = read_dtype(json);
  read_window(json, config);
  refuse_unsupported(json);
  return config;
}

ModelConfig read_config(const std::string& path) {
  const std::filesystem::path file(path);
  const ModelFile opened(file.parent_path().string(), file.filename().string());
  ModelConfig config = parse_config(opened.read_all(kMaxConfigBytes), path);
  config.name = file.parent_path().string();
  return config;
}

}  // namespace tpscale
