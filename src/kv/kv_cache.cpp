#include "kv/kv_cache.h"

#include "core/check.h"

namespace tpscale {

std::string_view to_string(KvLayout layout) noexcept {
  return layout == KvLayout::kLayerMajor ? "layer-major" : "block-major";
}

KvCache::KvCache(Backend& backend, const KvShape& shape, KvLayout layout)
    : shape_(shape), pool_(backend.allocate(static_cast<std::size_t>(shape.bytes()), MemoryKind::kKvCache)) {
  const bool by_layer = layout == KvLayout::kLayerMajor;
  const std::int64_t block = shape.block_elements();
  const std::int64_t block_stride = by_layer ? block : block * shape.num_layers * 2;
  const std::int64_t part_stride =
      by_layer ? block * shape.num_blocks : block;  // keys to values to the next layer
  const auto at = [&](std::int64_t element) {
    return pool_.as<std::byte>() + element * static_cast<std::int64_t>(size_of(shape.dtype));
  };
  for (std::int64_t layer = 0; layer < shape.num_layers; ++layer) {
    layers_.push_back({.keys = at(2 * layer * part_stride),
                       .values = at((2 * layer + 1) * part_stride),
                       .dtype = shape.dtype,
                       .num_blocks = shape.num_blocks,
                       .block_size = shape.block_size,
                       .num_kv_heads = shape.num_kv_heads,
                       .head_dim = shape.head_dim,
                       .block_stride = block_stride});
  }
}

}  // namespace tpscale
