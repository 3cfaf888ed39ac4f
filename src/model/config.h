#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.h"

namespace tpscale {

/// Scaling of rotary frequencies, as config.json's rope_scaling names it.
enum class RopeScaling : std::uint8_t { kNone, kLinear, kDynamic, kLlama3, kYarn };

/// Fields as in Hugging Face's rope_scaling; formulas: transformers' modeling_rope_utils (versions 4.40 and
/// later), the YaRN paper (arXiv 2309.00071) and the Llama 3.1 model card.
struct RopeConfig {
  double theta = 10000.0;
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1.0;
  double low_freq_factor = 1.0;                       ///< llama3
  double high_freq_factor = 4.0;                      ///< llama3
  std::int64_t original_max_position_embeddings = 0;  ///< llama3, yarn; 0: max_position_embeddings
  double beta_fast = 32.0, beta_slow = 1.0;           ///< yarn
  std::optional<double> attention_factor;             ///< yarn; default 0.1 ln(factor) + 1
  double mscale = 0.0, mscale_all_dim = 0.0;          ///< yarn; 0: absent
  bool truncate = true;  ///< yarn: round the correction range to whole dimensions
};

enum class NormKind : std::uint8_t { kRms, kLayer };
/// kSilu: gated, silu(gate) * up. The others: one matrix up, the activation, one matrix down.
enum class Activation : std::uint8_t { kSilu, kGelu, kGeluTanh };

/// One transformer, configured by data. Every number has been checked: it is within its cap and divides as it
/// must.
struct ModelConfig {
  std::string name;          ///< preset or folder, as the user gave it
  std::string architecture;  ///< config.json's model_type: "llama", "gpt_neox", ...
  std::int64_t vocab_size = 0, hidden_size = 0, intermediate_size = 0;
  std::int64_t num_layers = 0, num_heads = 0, num_kv_heads = 0, head_dim = 0;
  std::int64_t max_position_embeddings = 0;
  NormKind norm = NormKind::kRms;
  double norm_epsilon = 1e-5;
  RopeConfig rope;
  double rotary_share = 1.0;       ///< of head_dim that is rotated (GPT-NeoX)
  bool learned_positions = false;  ///< a table of positions, added to the embedding; nothing is rotated
  Activation activation = Activation::kSilu;
  bool parallel_residual = false;       ///< x + attention(norm(x)) + mlp(norm(x)): one all-reduce a layer
  bool qk_norm = false;                 ///< RMS norm of each query and key head (Qwen3)
  bool qkv_bias = false;                ///< q, k and v have biases
  bool o_bias = false;                  ///< the attention's output projection has one
  bool mlp_bias = false;                ///< every matrix of the MLP has one
  std::int64_t sliding_window = 0;      ///< keys a query sees, its own among them; 0: all before it
  std::int64_t first_window_layer = 0;  ///< layers before it see all
  bool tied_embeddings = false;         ///< the output head is the embedding table
  Dtype dtype = Dtype::kBF16;           ///< what the model's files hold; presets bf16

  bool gated_mlp() const noexcept { return activation == Activation::kSilu; }
  std::int64_t rotary_dim() const noexcept {
    return learned_positions ? 0 : static_cast<std::int64_t>(static_cast<double>(head_dim) * rotary_share);
  }
  std::int64_t window_of(std::int64_t layer) const noexcept {
    return layer >= first_window_layer ? sliding_window : 0;
  }
  std::int64_t all_reduces_a_layer() const noexcept { return parallel_residual ? 1 : 2; }
};

/// The names --model knows besides folders, in print order.
std::vector<std::string_view> preset_names();
bool is_preset(std::string_view name);
/// Throws UsageError that lists the presets.
ModelConfig preset_config(std::string_view name);
/// Reads and checks a config.json (untrusted). Throws BadDataError with one sentence; an unknown architecture
/// lists the known ones. `path` is the file.
ModelConfig read_config(const std::string& path);
/// The same from the text of a config.json: a pure function, made to be fed anything. `name` begins every
/// sentence.
ModelConfig parse_config(std::string_view text, const std::string& name);
/// Every parameter as the checkpoint counts them (a tied head once).
std::int64_t parameter_count(const ModelConfig& config);

}  // namespace tpscale
