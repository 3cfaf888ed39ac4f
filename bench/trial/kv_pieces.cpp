#include "bench/trial/kv_pieces.h"

#include "core/dtype.h"

namespace tpscale {
namespace {

bool layers_together(const KvCache& cache) {
  return cache.layers().front().block_stride == 2 * cache.shape().num_layers * cache.shape().block_elements();
}

std::byte* pool(const KvCache& cache) {
  return static_cast<std::byte*>(cache.layers().front().keys);
}

/// Runs of `count` blocks from each of `firsts` on.
KvPieces pieces(const KvCache& cache, std::span<const std::int32_t> firsts, std::int64_t count) {
  const auto element = static_cast<std::int64_t>(size_of(cache.shape().dtype));
  const std::int64_t stride = cache.layers().front().block_stride * element;
  KvPieces found{pool(cache), {}, 0};
  if (layers_together(cache)) {
    found.piece_bytes = count * stride;
    for (const std::int32_t first : firsts) found.offsets.push_back(first * stride);
    return found;
  }
  found.piece_bytes = count * cache.shape().block_elements() * element;
  for (const std::int32_t first : firsts) {
    for (const KvLayerView& layer : cache.layers()) {
      for (void* tensor : {layer.keys, layer.values})
        found.offsets.push_back(static_cast<std::byte*>(tensor) - found.base + first * stride);
    }
  }
  return found;
}

}  // namespace

KvPieces pieces_of_blocks(const KvCache& cache, std::span<const std::int32_t> blocks) {
  return pieces(cache, blocks, 1);
}

KvPieces pieces_of_run(const KvCache& cache, std::int32_t first, std::int64_t count) {
  return pieces(cache, std::span(&first, 1), count);
}

KvPieces whole_pool(const KvCache& cache) {
  return {pool(cache), {0}, cache.shape().bytes()};
}

}  // namespace tpscale
