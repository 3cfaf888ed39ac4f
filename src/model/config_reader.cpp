#include <array>
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
constexpr std::int64_t kMaxPositions = std::int64_t{1} << 24;

/// What a family's configuration class of transformers 4.57 takes where config.json is silent. 0: derived.
struct Family {
  std::string_view architecture, model_type;
  std::int64_t num_kv_heads, head_dim, max_position_embeddings;
  bool qk_norm;
};
constexpr std::array<Family, 2> kFamilies{{
    {"LlamaForCausalLM", "llama", 0, 0, 2048, false},
    {"Qwen3ForCausalLM", "qwen3", 32, 128, 32768, true},
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
RopeConfig read_rope(const FlatJson& json, std::int64_t head_dim) {
  RopeConfig rope;
  const bool newer = json.find("rope_parameters") != nullptr;
  const bool older = json.find("rope_scaling") != nullptr;
  if (newer && older) json.fail("has both rope_scaling and rope_parameters: remove one");
  const std::string at = newer ? "rope_parameters" : "rope_scaling";
  rope.theta = json.number("rope_theta", 1.001, 1e12, rope.theta);
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
  if (rope.scaling == RopeScaling::kDynamic && head_dim < 4) {
    json.fail("rope type 'dynamic' needs a head_dim of at least 4");
  }
  return rope;
}

/// Settings that would change the result and that this suite does not compute.
void refuse_unsupported(const FlatJson& json) {
  const std::string activation = json.text("hidden_act", "silu");
  if (activation != "silu" && activation != "swish") {
    json.fail("hidden_act '" + printable(activation) + "' is not supported: it must be silu");
  }
  if (json.boolean("use_sliding_window", false))
    json.fail("use_sliding_window is not supported: it must be false");
  for (const auto& [path, value] : json.values()) {
    if (!path.starts_with("layer_types/")) continue;
    const auto* type = std::get_if<std::string>(&value);
    if (type == nullptr || *type != "full_attention") {
      json.fail(path + " is not supported: every layer must be full_attention");
    }
  }
  if (json.find("quantization_config") != nullptr) {
    json.fail("quantization_config is not supported: weights must be f32, bf16 or f16");
  }
  for (const char* path : {"partial_rotary_factor", "rope_parameters/partial_rotary_factor"}) {
    if (json.number(path, 0.0, 1.0, 1.0) < 1.0)
      json.fail(std::string(path) + " is not supported: it must be 1");
  }
}

std::int64_t required(const FlatJson& json, const std::string& path, std::int64_t largest) {
  json.require(path);
  return json.integer(path, 1, largest, 0);
}

}  // namespace

ModelConfig parse_config(std::string_view text, const std::string& name) {
  const FlatJson json(text, name);
  const Family& family = family_of(json);
  ModelConfig config;
  config.architecture = family.model_type;
  config.vocab_size = required(json, "vocab_size", kMaxVocab);
  config.hidden_size = required(json, "hidden_size", kMaxWidth);
  config.intermediate_size = required(json, "intermediate_size", kMaxIntermediate);
  config.num_layers = required(json, "num_hidden_layers", kMaxLayers);
  config.num_heads = required(json, "num_attention_heads", kMaxHeads);
  const bool null_kv_heads = json.values().contains("num_key_value_heads");
  config.num_kv_heads =
      json.integer("num_key_value_heads", 1, kMaxHeads,
                   family.num_kv_heads == 0 || null_kv_heads ? config.num_heads : family.num_kv_heads);
  if (config.num_heads % config.num_kv_heads != 0) {
    json.fail("num_attention_heads (" + std::to_string(config.num_heads) +
              ") must be divisible by num_key_value_heads (" + std::to_string(config.num_kv_heads) + ")");
  }
  config.head_dim = json.integer("head_dim", 2, kMaxHeadDim, family.head_dim);
  if (config.head_dim == 0) {
    if (config.hidden_size % config.num_heads != 0) {
      json.fail("hidden_size must be divisible by num_attention_heads where head_dim is not given");
    }
    config.head_dim = config.hidden_size / config.num_heads;
  }
  if (config.head_dim % 2 != 0 || config.head_dim > kMaxHeadDim) {
    json.fail("head_dim must be even and at most " + std::to_string(kMaxHeadDim));
  }
  config.max_position_embeddings =
      json.integer("max_position_embeddings", 1, kMaxPositions, family.max_position_embeddings);
  config.rms_norm_eps = json.number("rms_norm_eps", 0.0, 1.0, 1e-6);
  config.rope = read_rope(json, config.head_dim);
  config.qk_norm = family.qk_norm;
  config.attention_bias = json.boolean("attention_bias", false);
  config.mlp_bias = !family.qk_norm && json.boolean("mlp_bias", false);
  config.tied_embeddings = json.boolean("tie_word_embeddings", false);
  config.dtype = read_dtype(json);
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
