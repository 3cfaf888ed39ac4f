#include "model/tensor_list.h"

#include "model/tensor_names.h"

namespace tpscale {
namespace {

/// Collects the parameters of a model, one after the other.
class Collector {
 public:
  explicit Collector(const ModelConfig& config) : config_(config), names_(config) {}

  std::vector<TensorSpec> all() {
    table(names_.embedding(), config_.vocab_size);
    if (config_.learned_positions) table(names_.positions(), config_.max_position_embeddings);
    for (std::int64_t layer = 0; layer < config_.num_layers; ++layer) {
      norm(names_.input_norm(layer), config_.hidden_size);
      attention(layer);
      norm(names_.post_norm(layer), config_.hidden_size);
      mlp(layer);
    }
    norm(names_.final_norm(), config_.hidden_size);
    if (!config_.tied_embeddings) table(names_.head(), config_.vocab_size);
    return std::move(list_);
  }

 private:
  void table(const std::string& name, std::int64_t rows) {
    list_.push_back({name + ".weight", rows, config_.hidden_size, false, false});
  }
  void linear(const std::string& name, std::int64_t out, std::int64_t in, bool bias) {
    list_.push_back({name + ".weight", out, in, false, names_.transposed()});
    if (bias) list_.push_back({name + ".bias", 1, out, true, false});
  }
  void norm(const std::string& name, std::int64_t size) {
    list_.push_back({name + ".weight", 1, size, true, false});
    if (config_.norm == NormKind::kLayer) list_.push_back({name + ".bias", 1, size, true, false});
  }

  void attention(std::int64_t layer) {
    const std::int64_t hidden = config_.hidden_size;
    const std::int64_t q_cols = config_.num_heads * config_.head_dim;
    const std::int64_t kv_cols = config_.num_kv_heads * config_.head_dim;
    if (names_.fused_qkv()) {
      linear(names_.qkv(layer), q_cols + 2 * kv_cols, hidden, config_.qkv_bias);
    } else {
      linear(names_.queries(layer, 0, 0).front().tensor, q_cols, hidden, config_.qkv_bias);
      linear(names_.keys(layer, 0, 0).front().tensor, kv_cols, hidden, config_.qkv_bias);
      linear(names_.values(layer, 0, 0).front().tensor, kv_cols, hidden, config_.qkv_bias);
    }
    linear(names_.attention_output(layer), hidden, q_cols, config_.o_bias);
    if (config_.qk_norm) {
      list_.push_back({names_.q_norm(layer) + ".weight", 1, config_.head_dim, true, false});
      list_.push_back({names_.k_norm(layer) + ".weight", 1, config_.head_dim, true, false});
    }
  }

  void mlp(std::int64_t layer) {
    const std::int64_t hidden = config_.hidden_size, inner = config_.intermediate_size;
    if (config_.gated_mlp()) linear(names_.gate(layer), inner, hidden, config_.mlp_bias);
    linear(names_.up(layer), inner, hidden, config_.mlp_bias);
    linear(names_.down(layer), hidden, inner, config_.mlp_bias);
  }

  const ModelConfig& config_;
  TensorNames names_;
  std::vector<TensorSpec> list_;
};

}  // namespace

std::vector<TensorSpec> tensor_list(const ModelConfig& config) {
  return Collector(config).all();
}

std::string_view known_leftover(const ModelConfig& config, std::string_view name) {
  if (name.ends_with("rotary_emb.inv_freq")) return "rotary frequencies are computed from config.json";
  if (name.ends_with(".attn.bias") || name.ends_with(".attention.bias") || name.ends_with("masked_bias")) {
    return "a causal mask needs no tensor";
  }
  if (name == "lm_head.weight" && config.tied_embeddings) return "the output head is tied to the embedding";
  return {};
}

}  // namespace tpscale
