#include "model/tensor_list.h"

namespace tpscale {

std::string layer_tensor(std::int64_t layer, std::string_view rest) {
  return "model.layers." + std::to_string(layer) + "." + std::string(rest);
}

std::vector<TensorSpec> tensor_list(const ModelConfig& config) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t inner = config.intermediate_size;
  const std::int64_t q_cols = config.num_heads * config.head_dim;
  const std::int64_t kv_cols = config.num_kv_heads * config.head_dim;
  std::vector<TensorSpec> list;
  list.push_back({"model.embed_tokens.weight", config.vocab_size, hidden});
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    const auto linear = [&](const std::string& name, std::int64_t out, std::int64_t in, bool bias) {
      list.push_back({layer_tensor(layer, name + ".weight"), out, in});
      if (bias) list.push_back({layer_tensor(layer, name + ".bias"), 1, out, true});
    };
    const auto norm = [&](const std::string& name, std::int64_t size) {
      list.push_back({layer_tensor(layer, name + ".weight"), 1, size, true});
    };
    norm("input_layernorm", hidden);
    linear("self_attn.q_proj", q_cols, hidden, config.attention_bias);
    linear("self_attn.k_proj", kv_cols, hidden, config.attention_bias);
    linear("self_attn.v_proj", kv_cols, hidden, config.attention_bias);
    linear("self_attn.o_proj", hidden, q_cols, config.attention_bias);
    if (config.qk_norm) {
      norm("self_attn.q_norm", config.head_dim);
      norm("self_attn.k_norm", config.head_dim);
    }
    norm("post_attention_layernorm", hidden);
    linear("mlp.gate_proj", inner, hidden, config.mlp_bias);
    linear("mlp.up_proj", inner, hidden, config.mlp_bias);
    linear("mlp.down_proj", hidden, inner, config.mlp_bias);
  }
  list.push_back({"model.norm.weight", 1, hidden, true});
  if (!config.tied_embeddings) list.push_back({"lm_head.weight", config.vocab_size, hidden});
  return list;
}

std::string_view known_leftover(const ModelConfig& config, std::string_view name) {
  if (name.ends_with(".rotary_emb.inv_freq")) return "rotary frequencies are computed from config.json";
  if (name.ends_with(".attn.bias") || name.ends_with(".masked_bias")) return "a causal mask needs no tensor";
  if (name == "lm_head.weight" && config.tied_embeddings) return "the output head is tied to the embedding";
  return {};
}

}  // namespace tpscale
