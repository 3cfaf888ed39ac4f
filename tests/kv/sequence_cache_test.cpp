#include "kv/sequence_cache.h"

#include <gtest/gtest.h>

#include <set>

#include "support/each_backend.h"

namespace tpscale::testing {
namespace {

class SequenceCacheTest : public ::testing::Test {
 protected:
  std::unique_ptr<Backend> backend_ = backend_registry().find("cpu").factory({}, DevicePlace{});
  SequenceCache cache_{*backend_,
                       {.num_layers = 2, .num_kv_heads = 1, .head_dim = 4, .num_blocks = 4, .block_size = 4}};

  std::vector<std::int32_t> append(std::size_t count) {
    std::vector<std::int32_t> slots(count);
    cache_.append(slots);
    return slots;
  }
};

TEST_F(SequenceCacheTest, BlocksComeAndGoWithTokens) {
  const std::vector<std::int32_t> slots = append(9);
  EXPECT_EQ(std::set(slots.begin(), slots.end()).size(), 9u);
  EXPECT_EQ(cache_.blocks_in_use(), 3);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    EXPECT_EQ(slots[i], cache_.block_table()[i / 4] * 4 + static_cast<std::int32_t>(i % 4));
  }
  cache_.shrink(5);
  EXPECT_EQ(cache_.count(), 5);
  EXPECT_EQ(cache_.blocks_in_use(), 2);
  EXPECT_EQ(append(1).front(), cache_.block_table()[1] * 4 + 1);
  cache_.shrink(0);
  EXPECT_EQ(cache_.blocks_in_use(), 0);
  append(16);
  EXPECT_EQ(cache_.blocks_in_use(), 4);
}

TEST_F(SequenceCacheTest, ASequenceThatOutgrowsItsPoolIsABug) {
  append(16);
  EXPECT_ANY_THROW(append(1));
  EXPECT_ANY_THROW(cache_.shrink(17));
}

}  // namespace
}  // namespace tpscale::testing
