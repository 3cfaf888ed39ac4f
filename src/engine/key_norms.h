#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"

namespace tpscale {

/// The norms of the keys that a cache holds, a list a KV head of each layer: a key's never changes, so each
/// is computed once, on the device, and kept on the host, where the choice is made.
class KeyNorms {
 public:
  /// `most`: tokens that a list ever holds.
  KeyNorms(Backend& backend, std::size_t num_layers, std::size_t heads, std::size_t most);

  /// Computes those that have come since. `layers`: a layer each, all with equally many tokens.
  void extend(std::span<const CachedTokens> layers);
  std::span<const float> of(std::size_t layer, std::size_t head) const {
    return lists_[layer * heads_ + head];
  }
  /// The tokens at these places, ascending, are gone.
  void drop(std::size_t layer, std::size_t head, std::span<const std::int32_t> places);

 private:
  Backend& backend_;
  std::size_t heads_;
  Buffer device_;
  std::vector<float> fetched_;
  std::vector<std::vector<float>> lists_;  ///< [layers x heads]
};

}  // namespace tpscale
