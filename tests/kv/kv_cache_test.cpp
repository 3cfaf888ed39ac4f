#include "kv/kv_cache.h"

#include <gtest/gtest.h>

#include <set>

#include "backend/backend.h"

namespace tpscale {
namespace {

constexpr KvShape kShape{.num_layers = 3,
                         .num_kv_heads = 2,
                         .head_dim = 4,
                         .num_blocks = 5,
                         .block_size = 8,
                         .dtype = Dtype::kBF16};

/// First elements of every (layer, keys or values, block), in bytes from the pool's begin.
std::set<std::ptrdiff_t> block_starts(const KvCache& cache) {
  const auto* pool = static_cast<const std::byte*>(cache.layers()[0].keys);
  std::set<std::ptrdiff_t> starts;
  for (const KvLayerView& layer : cache.layers()) {
    for (const void* part : {layer.keys, layer.values}) {
      for (std::int64_t block = 0; block < layer.num_blocks; ++block) {
        const std::int64_t bytes =
            block * layer.block_stride * static_cast<std::int64_t>(size_of(layer.dtype));
        starts.insert(static_cast<const std::byte*>(part) + bytes - pool);
      }
    }
  }
  return starts;
}

class KvCacheLayout : public ::testing::TestWithParam<KvLayout> {};

TEST_P(KvCacheLayout, TilesThePoolWithoutAGapOrAnOverlap) {
  const auto backend = backend_registry().find("cpu").factory(BackendOptions{}, DevicePlace{});
  const KvCache cache(*backend, kShape, GetParam());
  const auto use = backend->memory().use();
  EXPECT_EQ(use.by_kind[static_cast<std::size_t>(MemoryKind::kKvCache)], 2U * 3 * 5 * (2 * 8 * 4) * 2);
  EXPECT_EQ(kShape.bytes(), 2 * 3 * 5 * (2 * 8 * 4) * 2);

  const auto starts = block_starts(cache);
  ASSERT_EQ(starts.size(), 2U * 3 * 5);
  std::ptrdiff_t expected = 0;
  for (const std::ptrdiff_t start : starts) {
    EXPECT_EQ(start, expected);
    expected += kShape.block_elements() * static_cast<std::ptrdiff_t>(size_of(kShape.dtype));
  }
  EXPECT_EQ(expected, kShape.bytes());
}

TEST(KvCache, KeepsAllLayersOfABlockTogetherWhereAsked) {
  const auto backend = backend_registry().find("cpu").factory(BackendOptions{}, DevicePlace{});
  const KvCache by_block(*backend, kShape, KvLayout::kBlockMajor);
  EXPECT_EQ(by_block.layers()[0].block_stride, 2 * 3 * kShape.block_elements());
  const KvCache by_layer(*backend, kShape);
  EXPECT_EQ(by_layer.layers()[0].block_stride, kShape.block_elements());
}

INSTANTIATE_TEST_SUITE_P(Both, KvCacheLayout,
                         ::testing::Values(KvLayout::kLayerMajor, KvLayout::kBlockMajor));

}  // namespace
}  // namespace tpscale
