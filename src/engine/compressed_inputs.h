#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "engine/compressed_layout.h"
#include "kv/sequence_cache.h"
#include "model/transformer.h"

namespace tpscale {

/// The layers of a sequence that hold equally many tokens, and what is on the device for them.
struct LayerGroup {
  std::vector<std::int64_t> layers;
  SequenceCache cache;
  std::vector<CachedTokens> cached;  ///< a layer each, since the latest pass
};

/// The arrays of a compressed sequence's forward pass: token ids and rotary rows for all layers, slots,
/// context length and block table for each group of them; one copy to the device.
class CompressedInputs {
 public:
  CompressedInputs(Backend& backend, const CompressedLength& length,
                   std::span<const std::optional<LayerGroup>> groups);

  /// Makes room in every group's cache and writes the pass: `first` is the rotary position of tokens[0],
  /// `length` the text's after the pass. `layers` (a layer each) learn their places, with `rotated` keys
  /// where that is not nullptr.
  BatchView write(std::span<const std::int32_t> tokens, std::int64_t first, std::int64_t length,
                  Transformer& transformer, std::span<std::optional<LayerGroup>> groups,
                  std::span<LayerCache> layers, void* rotated);

 private:
  std::int32_t* put(std::span<const std::int32_t> values);
  void enter(LayerGroup& group, const BatchView& batch, std::span<LayerCache> layers, void* rotated);

  Backend& backend_;
  Buffer device_;
  std::vector<std::int32_t> host_;
  std::size_t place_ = 0;                                  ///< in both
  std::vector<std::int32_t> positions_, lengths_, slots_;  ///< [first_pass]
};

}  // namespace tpscale
