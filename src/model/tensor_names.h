#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"

namespace tpscale {

/// Rows [first, first + count) of a named matrix, or those elements of its bias.
struct TensorRows {
  std::string tensor;  ///< without ".weight" or ".bias"
  std::int64_t first = 0, count = 0;
};

/// Where a family's Hugging Face files keep what one transformer needs. Names come without ".weight" and
/// ".bias".
///
/// Llama, Mistral, Qwen2 and Qwen3: a matrix each for queries, keys and values. GPT-NeoX: one matrix, its
/// rows head by head, of each head first the queries, then keys, then values. GPT-2: one matrix, all
/// queries, all keys, all values; its files hold matrices input by output (TensorSpec::transposed), and names
/// with or without "transformer.".
class TensorNames {
 public:
  explicit TensorNames(const ModelConfig& config);

  std::string embedding() const;
  std::string positions() const;  ///< of learned positions
  std::string final_norm() const;
  std::string head() const;
  std::string input_norm(std::int64_t layer) const;
  std::string post_norm(std::int64_t layer) const;  ///< before the MLP
  std::string q_norm(std::int64_t layer) const;
  std::string k_norm(std::int64_t layer) const;
  /// The rows of the projections of some heads, in their order.
  std::vector<TensorRows> queries(std::int64_t layer, std::int64_t first_head, std::int64_t heads) const;
  std::vector<TensorRows> keys(std::int64_t layer, std::int64_t first_head, std::int64_t heads) const;
  std::vector<TensorRows> values(std::int64_t layer, std::int64_t first_head, std::int64_t heads) const;
  std::string attention_output(std::int64_t layer) const;
  std::string gate(std::int64_t layer) const;  ///< of a gated MLP
  std::string up(std::int64_t layer) const;
  std::string down(std::int64_t layer) const;

  bool fused_qkv() const noexcept { return style_ != Style::kLlama; }
  std::string qkv(std::int64_t layer) const;  ///< of fused_qkv()
  bool transposed() const noexcept { return style_ == Style::kGpt2; }
  /// What files may leave out at the beginning of every name; empty where nothing.
  std::string optional_prefix() const { return style_ == Style::kGpt2 ? "transformer." : ""; }

 private:
  enum class Style { kLlama, kNeoX, kGpt2 };
  /// The name of one part in the three styles.
  std::string layer(std::int64_t number, const char* llama, const char* neox, const char* gpt2) const;
  std::vector<TensorRows> part(std::int64_t layer, int which, std::int64_t first_head,
                               std::int64_t heads) const;

  const ModelConfig& config_;
  Style style_;
};

}  // namespace tpscale
