// Thousands of seeded random operations on the block manager and on a naive model of it, which keeps sets and
// lists and looks everything up the slow way.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>

#include "kv/block_manager.h"

namespace tpscale {
namespace {

using Tokens = std::vector<std::int32_t>;

class NaiveManager {
 public:
  NaiveManager(std::int64_t num_blocks, std::int64_t block_size) : block_size_(block_size) {
    for (std::int32_t block = 0; block < num_blocks; ++block) free.push_back(block);
  }

  /// The content of a block is all tokens up to its end: no hash can confuse two of them.
  std::optional<std::vector<std::int32_t>> allocate(const Tokens& tokens) {
    const auto wanted =
        static_cast<std::size_t>(blocks_for(static_cast<std::int64_t>(tokens.size()), block_size_));
    std::vector<std::int32_t> hits;
    for (std::size_t i = 0; i + 1 < wanted; ++i) {
      const auto found = find(Tokens(tokens.begin(), tokens.begin() + end_of(i)));
      if (!found) break;
      hits.push_back(*found);
    }
    std::list<std::int32_t> left = free;
    for (const std::int32_t hit : hits) left.remove(hit);
    if (wanted - hits.size() > left.size()) return std::nullopt;
    free = left;
    std::vector<std::int32_t> table = hits;
    for (const std::int32_t hit : hits) ++refs[hit];
    while (table.size() < wanted) table.push_back(take());
    return table;
  }

  std::int32_t take() {
    const std::int32_t block = free.front();
    free.pop_front();
    std::erase_if(contents, [&](const auto& entry) { return entry.second == block; });
    refs[block] = 1;
    return block;
  }

  void publish(const std::vector<std::int32_t>& table, const Tokens& tokens) {
    for (std::size_t i = 0; end_of(i) <= static_cast<std::ptrdiff_t>(tokens.size()); ++i) {
      if (std::ranges::any_of(contents, [&](const auto& entry) { return entry.second == table[i]; }))
        continue;
      contents.emplace_back(Tokens(tokens.begin(), tokens.begin() + end_of(i)), table[i]);
    }
  }

  void release(const std::vector<std::int32_t>& table) {
    for (auto block = table.rbegin(); block != table.rend(); ++block) {
      if (--refs[*block] == 0) free.push_back(*block);
    }
  }

  std::list<std::int32_t> free;
  std::map<std::int32_t, std::int32_t> refs;
  std::vector<std::pair<Tokens, std::int32_t>> contents;  ///< in the order of publication

 private:
  std::ptrdiff_t end_of(std::size_t block) const {
    return static_cast<std::ptrdiff_t>(block + 1) * block_size_;
  }
  std::optional<std::int32_t> find(const Tokens& prefix) const {
    for (auto entry = contents.rbegin(); entry != contents.rend(); ++entry) {
      if (entry->first == prefix) return entry->second;
    }
    return std::nullopt;
  }
  std::int64_t block_size_;
};

struct Live {
  BlockTable table;
  Tokens tokens;
};

class RandomOperations : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomOperations, AgreeWithTheNaiveModel) {
  std::mt19937 random(GetParam());
  const auto draw = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  const std::int64_t num_blocks = draw(1, 40);
  const std::int64_t block_size = draw(1, 5);
  BlockManager manager(num_blocks, block_size, {.prefix_cache = true});
  NaiveManager naive(num_blocks, block_size);
  std::vector<Live> live;
  std::int64_t hits = 0;

  for (int step = 0; step < 2000; ++step) {
    const std::int64_t choice = draw(0, 9);
    if (choice < 4 || live.empty()) {
      Live next;
      next.tokens.resize(static_cast<std::size_t>(draw(1, 6 * block_size)));
      for (auto& token : next.tokens) token = static_cast<std::int32_t>(draw(0, 1));  // many equal prefixes
      const auto expected = naive.allocate(next.tokens);
      const auto cached = manager.try_allocate(next.table, next.tokens);
      ASSERT_EQ(cached.has_value(), expected.has_value());
      if (!cached) continue;
      ASSERT_EQ(next.table.blocks, *expected);
      ASSERT_LT(*cached, static_cast<std::int64_t>(next.tokens.size()));
      hits += *cached;
      live.push_back(std::move(next));
    } else {
      const auto index = static_cast<std::size_t>(draw(0, static_cast<std::int64_t>(live.size()) - 1));
      Live& sequence = live[index];
      if (choice < 6) {
        sequence.tokens.push_back(static_cast<std::int32_t>(draw(0, 1)));
        const bool full = static_cast<std::int64_t>(sequence.tokens.size()) >
                          static_cast<std::int64_t>(sequence.table.blocks.size()) * block_size;
        const bool possible = !full || !naive.free.empty();
        ASSERT_EQ(manager.try_grow(sequence.table, static_cast<std::int64_t>(sequence.tokens.size())),
                  possible);
        if (!possible) sequence.tokens.pop_back();
        if (possible && full) {
          ASSERT_EQ(sequence.table.blocks.back(), naive.take());
        }
      } else if (choice < 8) {
        manager.publish(sequence.table, sequence.tokens);
        naive.publish(sequence.table.blocks, sequence.tokens);
      } else {
        naive.release(sequence.table.blocks);
        manager.release(sequence.table);
        ASSERT_TRUE(sequence.table.blocks.empty());
        live.erase(live.begin() + static_cast<std::ptrdiff_t>(index));
      }
    }
    ASSERT_EQ(manager.free_blocks(), static_cast<std::int64_t>(naive.free.size()));
    ASSERT_EQ(manager.cached_blocks(), static_cast<std::int64_t>(naive.contents.size()));
    for (std::int32_t block = 0; block < num_blocks; ++block) {
      ASSERT_EQ(manager.references(block), naive.refs[block]);
    }
  }
  if (num_blocks > 10) {
    EXPECT_GT(hits, 0) << "the test has lost its subject";
  }
  for (Live& sequence : live) manager.release(sequence.table);
  manager.flush();
  EXPECT_EQ(manager.free_blocks(), num_blocks);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomOperations, ::testing::Range(0U, 20U));

}  // namespace
}  // namespace tpscale
