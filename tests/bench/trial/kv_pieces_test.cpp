#include "bench/trial/kv_pieces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace tpscale {
namespace {

constexpr KvShape kShape{.num_layers = 3, .num_kv_heads = 2, .head_dim = 4, .num_blocks = 5, .block_size = 8};
constexpr std::int64_t kBlockBytes = 2 * 4 * 8 * 4;  // the keys of a block in one layer, f32

class KvPiecesTest : public testing::Test {
 protected:
  std::unique_ptr<Backend> backend_ = backend_registry().find("cpu").factory({}, DevicePlace{});
  KvCache by_layer_{*backend_, kShape, KvLayout::kLayerMajor};
  KvCache by_block_{*backend_, kShape, KvLayout::kBlockMajor};

  /// Every byte of the pool in one piece and one only.
  static void expect_whole(const KvPieces& pieces) {
    std::set<std::int64_t> offsets(pieces.offsets.begin(), pieces.offsets.end());
    EXPECT_EQ(offsets.size(), pieces.offsets.size());
    std::int64_t at = 0;
    for (const std::int64_t offset : offsets) {
      EXPECT_EQ(offset, at);
      at += pieces.piece_bytes;
    }
    EXPECT_EQ(at, kShape.bytes());
  }
};

TEST_F(KvPiecesTest, BlocksOfAllLayersAreOnePieceEach) {
  const KvPieces pieces = pieces_of_blocks(by_block_, std::vector<std::int32_t>{4, 1});
  EXPECT_EQ(pieces.piece_bytes, 6 * kBlockBytes);
  EXPECT_EQ(pieces.offsets, (std::vector<std::int64_t>{24 * kBlockBytes, 6 * kBlockBytes}));
}

TEST_F(KvPiecesTest, LayerByLayerABlockIsInAPieceATensor) {
  const KvPieces pieces = pieces_of_blocks(by_layer_, std::vector<std::int32_t>{2});
  EXPECT_EQ(pieces.piece_bytes, kBlockBytes);
  ASSERT_EQ(pieces.offsets.size(), 6u);
  for (std::size_t tensor = 0; tensor < 6; ++tensor)
    EXPECT_EQ(pieces.offsets[tensor], (static_cast<std::int64_t>(tensor) * 5 + 2) * kBlockBytes);
}

TEST_F(KvPiecesTest, ARunOfBlocksIsATensorALayerOrOnePiece) {
  EXPECT_EQ(pieces_of_run(by_block_, 1, 3).offsets, std::vector<std::int64_t>{6 * kBlockBytes});
  EXPECT_EQ(pieces_of_run(by_block_, 1, 3).piece_bytes, 18 * kBlockBytes);
  EXPECT_EQ(pieces_of_run(by_layer_, 1, 3).offsets.size(), 6u);
  EXPECT_EQ(pieces_of_run(by_layer_, 1, 3).piece_bytes, 3 * kBlockBytes);
}

TEST_F(KvPiecesTest, AllBlocksAreTheWholePool) {
  const std::vector<std::int32_t> all{3, 0, 4, 1, 2};
  for (const KvCache* cache : {&by_layer_, &by_block_}) {
    expect_whole(pieces_of_blocks(*cache, all));
    expect_whole(pieces_of_run(*cache, 0, 5));
    expect_whole(whole_pool(*cache));
  }
}

}  // namespace
}  // namespace tpscale
