#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "backend/batch_view.h"
#include "core/dtype.h"

namespace tpscale {

/// What lies together in the pool. One block of one layer is always [num_kv_heads, block_size, head_dim] keys
/// (or values); kernels reach it through KvLayerView::block_stride and do not care which of the two it is.
enum class KvLayout : std::uint8_t {
  kLayerMajor,  ///< all blocks of a layer: a layer's attention walks one dense region
  kBlockMajor,  ///< all layers of a block: a block moves to another memory as one piece
};
std::string_view to_string(KvLayout layout) noexcept;  ///< "layer-major", "block-major"

/// The size of one rank's pool.
struct KvShape {
  std::int64_t num_layers = 0;
  std::int64_t num_kv_heads = 0;  ///< of this rank
  std::int64_t head_dim = 0;
  std::int64_t num_blocks = 0;
  std::int64_t block_size = 0;
  Dtype dtype = Dtype::kF32;

  std::int64_t block_elements() const noexcept { return num_kv_heads * block_size * head_dim; }
  /// 2 (keys and values) x layers x blocks x elements of a block x their size.
  std::int64_t bytes() const noexcept {
    return 2 * num_layers * num_blocks * block_elements() * static_cast<std::int64_t>(size_of(dtype));
  }
};

/// The keys and values of one rank: one allocation of MemoryKind::kKvCache, zeroed.
class KvCache {
 public:
  KvCache(Backend& backend, const KvShape& shape, KvLayout layout = KvLayout::kLayerMajor);

  std::span<const KvLayerView> layers() const noexcept { return layers_; }
  const KvShape& shape() const noexcept { return shape_; }

 private:
  KvShape shape_;
  Buffer pool_;
  std::vector<KvLayerView> layers_;
};

}  // namespace tpscale
