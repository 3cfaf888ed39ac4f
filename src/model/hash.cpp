#include "model/hash.h"

#include <bit>
#include <cstdio>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tpscale {

struct Hash::State {
  XXH64_state_t xxh;
};

Hash::Hash() : state_(std::make_unique<State>()) {
  XXH64_reset(&state_->xxh, 0);
}
Hash::~Hash() = default;

// Not inlined: with a known small size GCC 12 warns of reads in xxhash's loops that are never reached.
[[gnu::noinline]] void Hash::add(const void* data, std::size_t bytes) {
  XXH64_update(&state_->xxh, data, bytes);
}

void Hash::add(std::string_view text) {
  add(static_cast<std::int64_t>(text.size()));
  add(text.data(), text.size());
}

void Hash::add(std::int64_t value) {
  static_assert(std::endian::native == std::endian::little);
  add(&value, sizeof value);
}

void Hash::add(double value) {
  add(std::bit_cast<std::int64_t>(value));
}

void Hash::add(const ModelConfig& config) {
  add(config.architecture);
  for (const std::int64_t size : {config.vocab_size,
                                  config.hidden_size,
                                  config.intermediate_size,
                                  config.num_layers,
                                  config.num_heads,
                                  config.num_kv_heads,
                                  config.head_dim,
                                  config.max_position_embeddings,
                                  static_cast<std::int64_t>(config.qk_norm),
                                  static_cast<std::int64_t>(config.qkv_bias),
                                  static_cast<std::int64_t>(config.o_bias),
                                  static_cast<std::int64_t>(config.norm),
                                  static_cast<std::int64_t>(config.activation),
                                  static_cast<std::int64_t>(config.parallel_residual),
                                  static_cast<std::int64_t>(config.learned_positions),
                                  config.rotary_dim(),
                                  config.sliding_window,
                                  config.first_window_layer,
                                  static_cast<std::int64_t>(config.mlp_bias),
                                  static_cast<std::int64_t>(config.tied_embeddings),
                                  static_cast<std::int64_t>(config.dtype),
                                  static_cast<std::int64_t>(config.rope.scaling),
                                  config.rope.original_max_position_embeddings,
                                  static_cast<std::int64_t>(config.rope.truncate)}) {
    add(size);
  }
  for (const double value :
       {config.norm_epsilon, config.rope.theta, config.rope.factor, config.rope.low_freq_factor,
        config.rope.high_freq_factor, config.rope.beta_fast, config.rope.beta_slow,
        config.rope.attention_factor.value_or(0.0), config.rope.mscale, config.rope.mscale_all_dim}) {
    add(value);
  }
}

std::uint64_t Hash::value() const {
  return XXH64_digest(&state_->xxh);
}

std::string Hash::hex() const {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value()));
  return digits;
}

}  // namespace tpscale
