#include "model/synthetic.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "core/counter_rng.h"
#include "model/hash.h"
#include "model/tensor_list.h"

namespace tpscale {
namespace {

constexpr std::int64_t kLanes = 4;          // values of one 64-bit word
constexpr std::int64_t kBlockWords = 1024;  // stays in the first-level cache
constexpr double kGain = 1.3;               // standard deviation of a projection of a normalised vector
constexpr double kAttentionGain = 1.75;     // of each component of queries and keys: 1.75^2 is about 3
// Small beside the 0.25 that two bf16 roundings of one logit may differ by after 28 layers: with 3.0 sharding
// alone moved logits of the Qwen3-0.6B shape by 0.9, with 0.5 by less than 0.15, while the chosen one still
// stands near 2.
constexpr double kLogitDeviation = 0.5;

template <class T>
void convert(const std::int16_t* bits, std::int64_t count, float scale, T* out) {
  // The half step makes the values symmetric and never zero.
  for (std::int64_t i = 0; i < count; ++i) out[i] = T((static_cast<float>(bits[i]) + 0.5F) * scale);
}

struct Distribution {
  double constant = 0.0;   ///< where amplitude is 0
  double amplitude = 0.0;  ///< of the uniform values
};

double uniform_amplitude(double deviation) {
  return deviation * std::sqrt(3.0);
}

bool ends_with_any(const std::string& name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

Distribution distribution_of(const ModelConfig& config, const std::string& name) {
  const auto hidden = static_cast<double>(config.hidden_size);
  if (ends_with_any(name, {".q_norm.weight", ".k_norm.weight"})) return {kAttentionGain, 0.0};
  if (ends_with_any(name, {"norm.weight", ".ln_1.weight", ".ln_2.weight", ".ln_f.weight"})) return {1.0, 0.0};
  if (name.ends_with(".bias")) return {0.0, 0.2};
  const bool embedding = ends_with_any(name, {"embed_tokens.weight", "embed_in.weight", ".wte.weight"});
  const bool head = ends_with_any(name, {"lm_head.weight", "embed_out.weight"});
  if (head || (config.tied_embeddings && embedding)) {
    return {0.0, uniform_amplitude(kLogitDeviation / std::sqrt(hidden))};
  }
  if (embedding) return {0.0, uniform_amplitude(1.0)};
  if (name.ends_with(".wpe.weight")) return {0.0, uniform_amplitude(kLogitDeviation / std::sqrt(hidden))};
  if (ends_with_any(name, {"q_proj.weight", "k_proj.weight", "query_key_value.weight", "c_attn.weight"})) {
    return {0.0, uniform_amplitude(kAttentionGain / std::sqrt(hidden))};
  }
  double fan_in = hidden;
  if (ends_with_any(name, {"o_proj.weight", "attention.dense.weight", "attn.c_proj.weight"})) {
    fan_in = static_cast<double>(config.num_heads * config.head_dim);
  }
  if (ends_with_any(name, {"down_proj.weight", "dense_4h_to_h.weight", "mlp.c_proj.weight"})) {
    fan_in = static_cast<double>(config.intermediate_size);
  }
  return {0.0, uniform_amplitude(kGain / std::sqrt(fan_in))};
}

}  // namespace

void synthetic_values(std::uint64_t key, std::int64_t first, std::int64_t count, float amplitude, Dtype dtype,
                      void* out) {
  static_assert(std::endian::native == std::endian::little,
                "16-bit lanes of a word are taken in memory order");
  std::array<std::uint64_t, kBlockWords> words;
  std::array<std::int16_t, kBlockWords * kLanes> lanes;
  dispatch_dtype(dtype, [&](auto zero) {
    auto* to = static_cast<decltype(zero)*>(out);
    while (count > 0) {
      const std::int64_t word = first / kLanes;
      const std::int64_t skip = first % kLanes;
      const std::int64_t values = std::min(count, kBlockWords * kLanes - skip);
      const std::int64_t num_words = (skip + values + kLanes - 1) / kLanes;
      for (std::int64_t i = 0; i < num_words; ++i) {
        words[static_cast<std::size_t>(i)] = counter_bits(key, static_cast<std::uint64_t>(word + i));
      }
      std::memcpy(lanes.data(), words.data(), static_cast<std::size_t>(num_words) * sizeof(std::uint64_t));
      convert(lanes.data() + skip, values, amplitude / 32768.0F, to);
      to += values;
      first += values;
      count -= values;
    }
  });
}

SyntheticModel::SyntheticModel(ModelConfig config, std::uint64_t seed)
    : config_(std::move(config)), seed_(seed) {
  for (const TensorSpec& tensor : tensor_list(config_)) columns_.emplace(tensor.name, tensor.cols);
}

std::string SyntheticModel::weights_hash() const {
  Hash hash;
  hash.add("synthetic 1");  // counts up when the values change
  hash.add(config_);
  hash.add(static_cast<std::int64_t>(seed_));
  return hash.hex();
}

void SyntheticModel::read(const TensorSlice& slice, void* out) const {
  const Distribution values = distribution_of(config_, slice.name);
  const auto element = static_cast<std::int64_t>(size_of(config_.dtype));
  if (values.amplitude == 0.0) {
    dispatch_dtype(config_.dtype, [&](auto zero) {
      using T = decltype(zero);
      std::fill_n(static_cast<T*>(out), slice.rows * slice.cols, T(static_cast<float>(values.constant)));
    });
    return;
  }
  Hash key;
  key.add(static_cast<std::int64_t>(seed_));
  key.add(slice.name);
  const std::int64_t columns = columns_.at(slice.name);
  check(slice.first_col + slice.cols <= columns, "columns outside a tensor");
  const auto amplitude = static_cast<float>(values.amplitude);
  const std::int64_t first = slice.first_row * columns + slice.first_col;
  if (slice.cols == columns) {
    synthetic_values(key.value(), first, slice.rows * slice.cols, amplitude, config_.dtype, out);
    return;
  }
  for (std::int64_t row = 0; row < slice.rows; ++row) {
    synthetic_values(key.value(), first + row * columns, slice.cols, amplitude, config_.dtype,
                     static_cast<char*>(out) + row * slice.cols * element);
  }
}

}  // namespace tpscale
