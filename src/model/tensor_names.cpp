#include "model/tensor_names.h"

#include <array>

namespace tpscale {

TensorNames::TensorNames(const ModelConfig& config)
    : config_(config),
      style_(config.architecture == "gpt_neox" ? Style::kNeoX
             : config.architecture == "gpt2"   ? Style::kGpt2
                                               : Style::kLlama) {}

std::string TensorNames::layer(std::int64_t number, const char* llama, const char* neox,
                               const char* gpt2) const {
  const std::array<const char*, 3> prefixes{"model.layers.", "gpt_neox.layers.", "transformer.h."};
  const std::array<const char*, 3> names{llama, neox, gpt2};
  const auto style = static_cast<std::size_t>(style_);
  return prefixes[style] + std::to_string(number) + "." + names[style];
}

std::string TensorNames::embedding() const {
  const std::array<const char*, 3> names{"model.embed_tokens", "gpt_neox.embed_in", "transformer.wte"};
  return names[static_cast<std::size_t>(style_)];
}

std::string TensorNames::positions() const {
  return "transformer.wpe";
}

std::string TensorNames::final_norm() const {
  const std::array<const char*, 3> names{"model.norm", "gpt_neox.final_layer_norm", "transformer.ln_f"};
  return names[static_cast<std::size_t>(style_)];
}

std::string TensorNames::head() const {
  return style_ == Style::kNeoX ? "embed_out" : "lm_head";
}

std::string TensorNames::input_norm(std::int64_t number) const {
  return layer(number, "input_layernorm", "input_layernorm", "ln_1");
}
std::string TensorNames::post_norm(std::int64_t number) const {
  return layer(number, "post_attention_layernorm", "post_attention_layernorm", "ln_2");
}
std::string TensorNames::q_norm(std::int64_t number) const {
  return layer(number, "self_attn.q_norm", "", "");
}
std::string TensorNames::k_norm(std::int64_t number) const {
  return layer(number, "self_attn.k_norm", "", "");
}
std::string TensorNames::qkv(std::int64_t number) const {
  return layer(number, "", "attention.query_key_value", "attn.c_attn");
}
std::string TensorNames::attention_output(std::int64_t number) const {
  return layer(number, "self_attn.o_proj", "attention.dense", "attn.c_proj");
}
std::string TensorNames::gate(std::int64_t number) const {
  return layer(number, "mlp.gate_proj", "", "");
}
std::string TensorNames::up(std::int64_t number) const {
  return layer(number, "mlp.up_proj", "mlp.dense_h_to_4h", "mlp.c_fc");
}
std::string TensorNames::down(std::int64_t number) const {
  return layer(number, "mlp.down_proj", "mlp.dense_4h_to_h", "mlp.c_proj");
}

std::vector<TensorRows> TensorNames::part(std::int64_t number, int which, std::int64_t first_head,
                                          std::int64_t heads) const {
  const std::int64_t dim = config_.head_dim;
  const std::array<const char*, 3> separate{"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"};
  if (style_ == Style::kLlama) {
    return {
        {layer(number, separate[static_cast<std::size_t>(which)], "", ""), first_head * dim, heads * dim}};
  }
  if (style_ == Style::kGpt2) {
    return {{qkv(number), (which * config_.num_heads + first_head) * dim, heads * dim}};
  }
  std::vector<TensorRows> rows;
  for (std::int64_t head = first_head; head < first_head + heads; ++head) {
    rows.push_back({qkv(number), (3 * head + which) * dim, dim});
  }
  return rows;
}

std::vector<TensorRows> TensorNames::queries(std::int64_t number, std::int64_t first_head,
                                             std::int64_t heads) const {
  return part(number, 0, first_head, heads);
}
std::vector<TensorRows> TensorNames::keys(std::int64_t number, std::int64_t first_head,
                                          std::int64_t heads) const {
  return part(number, 1, first_head, heads);
}
std::vector<TensorRows> TensorNames::values(std::int64_t number, std::int64_t first_head,
                                            std::int64_t heads) const {
  return part(number, 2, first_head, heads);
}

}  // namespace tpscale
