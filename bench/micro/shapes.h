#pragma once
#include <cstdint>

namespace tpscale {

/// Qwen3-0.6B (its config.json): the model that the figures of this suite speak of.
struct Qwen3Small {
  static constexpr std::int64_t kHidden = 1024;
  static constexpr std::int64_t kIntermediate = 3072;
  static constexpr std::int64_t kHeads = 16;
  static constexpr std::int64_t kKvHeads = 8;
  static constexpr std::int64_t kHeadDim = 128;
  static constexpr std::int64_t kVocabulary = 151936;
  static constexpr int kLayers = 28;
  static constexpr std::int64_t kQ = kHeads * kHeadDim;
  static constexpr std::int64_t kQkv = kQ + 2 * kKvHeads * kHeadDim;
};

}  // namespace tpscale
