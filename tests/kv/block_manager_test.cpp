#include "kv/block_manager.h"

#include <gmock/gmock.h>

#include <numeric>

#include "core/check.h"

namespace tpscale {
namespace {

using ::testing::ElementsAre;

std::vector<std::int32_t> ids(std::int32_t first, std::size_t count) {
  std::vector<std::int32_t> tokens(count);
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

TEST(BlockManager, TakesFromTheFrontAndFreesInReverseOrder) {
  BlockManager manager(6, 4, {});
  BlockTable first;
  BlockTable second;
  ASSERT_TRUE(manager.try_allocate(first, ids(0, 9)));   // 0 1 2
  ASSERT_TRUE(manager.try_allocate(second, ids(0, 4)));  // 3
  EXPECT_THAT(first.blocks, ElementsAre(0, 1, 2));
  EXPECT_THAT(second.blocks, ElementsAre(3));
  manager.release(first);  // free: 4 5 2 1 0
  ASSERT_TRUE(manager.try_grow(second, 20));
  EXPECT_THAT(second.blocks, ElementsAre(3, 4, 5, 2, 1));
  EXPECT_EQ(manager.free_blocks(), 1);
}

TEST(BlockManager, GivesOutPiecesOfConsecutiveBlocks) {
  BlockManager manager(8, 4, {.blocks_at_once = 3});
  EXPECT_EQ(manager.usable_blocks(), 6) << "two blocks make no piece";
  BlockTable first, second, third;
  ASSERT_TRUE(manager.try_allocate(first, ids(0, 1)));
  ASSERT_TRUE(manager.try_allocate(second, ids(0, 12)));
  EXPECT_THAT(first.blocks, ElementsAre(0, 1, 2));
  EXPECT_THAT(second.blocks, ElementsAre(3, 4, 5));
  EXPECT_FALSE(manager.try_allocate(third, ids(0, 1)));
  EXPECT_TRUE(manager.try_grow(first, 12)) << "its piece holds them";
  EXPECT_FALSE(manager.try_grow(first, 13));
  EXPECT_EQ(first.blocks.size(), 3U);
  manager.release(first);
  EXPECT_EQ(manager.free_blocks(), 3);
  ASSERT_TRUE(manager.try_allocate(third, ids(0, 5)));
  EXPECT_THAT(third.blocks, ElementsAre(0, 1, 2));
  manager.release(second);
  manager.release(third);
  manager.flush();
  EXPECT_EQ(manager.free_blocks(), 6);
}

TEST(BlockManager, ChangesNothingWhereTooFewBlocksAreFree) {
  BlockManager manager(2, 4, {});
  BlockTable table;
  EXPECT_FALSE(manager.try_allocate(table, ids(0, 9)));
  EXPECT_TRUE(table.blocks.empty());
  ASSERT_TRUE(manager.try_allocate(table, ids(0, 8)));
  EXPECT_TRUE(manager.try_grow(table, 8));
  EXPECT_FALSE(manager.try_grow(table, 9));
  EXPECT_EQ(table.blocks.size(), 2U);
}

TEST(BlockManager, FindsPublishedBlocksWhileInUseAndAfter) {
  BlockManager manager(8, 4, {.prefix_cache = true});
  const auto tokens = ids(0, 10);
  BlockTable first;
  ASSERT_EQ(manager.try_allocate(first, tokens), 0);
  BlockTable same_step;
  ASSERT_EQ(manager.try_allocate(same_step, tokens), 0) << "not before the step that fills it is over";
  manager.release(same_step);

  manager.publish(first, tokens);
  EXPECT_EQ(manager.cached_blocks(), 2);
  BlockTable second;
  ASSERT_EQ(manager.try_allocate(second, tokens), 8);
  EXPECT_EQ(second.blocks[0], first.blocks[0]);
  EXPECT_EQ(second.blocks[1], first.blocks[1]);
  EXPECT_NE(second.blocks[2], first.blocks[2]);
  EXPECT_EQ(manager.references(first.blocks[0]), 2);

  manager.release(first);
  manager.release(second);
  EXPECT_EQ(manager.free_blocks(), 8);
  BlockTable third;
  EXPECT_EQ(manager.try_allocate(third, tokens), 8) << "a key is kept until its block is reused";
}

TEST(BlockManager, NeverTakesTheLastBlockOfAPromptFromTheCache) {
  BlockManager manager(8, 4, {.prefix_cache = true});
  const auto tokens = ids(0, 8);
  BlockTable table;
  ASSERT_TRUE(manager.try_allocate(table, tokens));
  manager.publish(table, tokens);
  EXPECT_EQ(manager.cached_blocks(), 2);
  manager.release(table);
  EXPECT_EQ(manager.try_allocate(table, tokens), 4)
      << "a wholly cached prompt would leave nothing to compute";
  EXPECT_EQ(table.blocks.size(), 2U);
}

TEST(BlockManager, StopsAtTheFirstMiss) {
  BlockManager manager(8, 2, {.prefix_cache = true});
  BlockTable table;
  ASSERT_TRUE(manager.try_allocate(table, ids(0, 7)));
  manager.publish(table, ids(0, 7));
  auto other = ids(0, 7);
  other[2] = 100;  // block 1 differs, so block 2 is another block in spite of its equal tokens
  BlockTable second;
  EXPECT_EQ(manager.try_allocate(second, other), 2);
}

TEST(BlockManager, ForgetsTheKeyOfAReusedBlock) {
  BlockManager manager(2, 4, {.prefix_cache = true});
  BlockTable table;
  ASSERT_TRUE(manager.try_allocate(table, ids(0, 5)));
  manager.publish(table, ids(0, 5));
  manager.release(table);  // free: 1 0
  BlockTable other;
  ASSERT_EQ(manager.try_allocate(other, ids(50, 5)), 0);
  manager.release(other);
  EXPECT_EQ(manager.cached_blocks(), 0);
  EXPECT_EQ(manager.try_allocate(table, ids(0, 5)), 0);
}

TEST(BlockManager, AHitOnAFreeBlockUsesUpAFreeBlock) {
  BlockManager manager(3, 4, {.prefix_cache = true});
  BlockTable table;
  ASSERT_TRUE(manager.try_allocate(table, ids(0, 9)));
  manager.publish(table, ids(0, 9));
  manager.release(table);
  BlockTable other;
  ASSERT_EQ(manager.try_allocate(other, ids(70, 4)), 0);
  // Two hits lie among the two free blocks: nothing is left for the third block.
  EXPECT_FALSE(manager.try_allocate(table, ids(0, 9)));
  EXPECT_EQ(manager.free_blocks(), 2);
}

TEST(BlockManager, AHitNeedsEqualTokensAndNotOnlyTheKey) {
  const BlockManager::KeyFunction same = [](std::optional<std::uint64_t>, std::span<const std::int32_t>) {
    return std::uint64_t{7};
  };
  BlockManager manager(8, 4, {.prefix_cache = true}, same);
  BlockTable table;
  ASSERT_TRUE(manager.try_allocate(table, ids(0, 5)));
  manager.publish(table, ids(0, 5));
  BlockTable other;
  EXPECT_EQ(manager.try_allocate(other, ids(1, 5)), 0);
  BlockTable equal;
  EXPECT_EQ(manager.try_allocate(equal, ids(0, 5)), 4);
}

TEST(BlockManager, ATableThatIsNotShareableStaysApart) {
  BlockManager manager(8, 4, {.prefix_cache = true});
  BlockTable table;
  table.shareable = false;
  ASSERT_TRUE(manager.try_allocate(table, ids(0, 9)));
  manager.publish(table, ids(0, 9));
  EXPECT_EQ(manager.cached_blocks(), 0);
  BlockTable shared;
  ASSERT_TRUE(manager.try_allocate(shared, ids(0, 5)));
  manager.publish(shared, ids(0, 5));
  manager.release(table);
  EXPECT_EQ(manager.try_allocate(table, ids(0, 9)), 0);
}

TEST(BlockManager, FlushForgetsEverythingAndRefusesWhileABlockIsInUse) {
  BlockManager manager(4, 4, {.prefix_cache = true});
  BlockTable table;
  ASSERT_TRUE(manager.try_allocate(table, ids(0, 9)));
  manager.publish(table, ids(0, 9));
  EXPECT_THROW(manager.flush(), InternalError);
  manager.release(table);
  manager.flush();
  EXPECT_EQ(manager.cached_blocks(), 0);
  ASSERT_EQ(manager.try_allocate(table, ids(0, 9)), 0);
  EXPECT_THAT(table.blocks, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace tpscale
