#include <gtest/gtest.h>

#include <cmath>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/paged_batch.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"

namespace tpscale::testing {
namespace {

/// The ops of a cache that is cut while it is used, on the middle one of three sequences.
class CutCacheTest : public BackendTest {
 protected:
  static constexpr std::size_t kSequence = 1;

  PagedBatch batch(std::int64_t count, const CacheShape& shape) {
    return {backend(), dtype(), {{1, 7}, {1, count}, {1, 5}}, shape};
  }
  static CachedTokens cached(const PagedBatch& paged) {
    const BatchView view = paged.view();
    return {paged.kv(), view.block_tables + kSequence * static_cast<std::size_t>(view.max_blocks),
            paged.sequences()[kSequence].context};
  }

  void drop(std::int64_t count, const CacheShape& shape,
            const std::vector<std::vector<std::int32_t>>& dropped) {
    const PagedBatch paged = batch(count, shape);
    std::vector<std::int32_t> list;
    for (const auto& of_head : dropped) list.insert(list.end(), of_head.begin(), of_head.end());
    const DeviceArray<std::int32_t> device(backend(), list);
    Values keys = paged.cache(true), values = paged.cache(false);
    ops().drop_tokens(cached(paged), device.data(), static_cast<std::int64_t>(dropped.front().size()));
    for (std::int64_t h = 0; h < shape.kv_heads; ++h) {
      std::int64_t to = 0;
      for (std::int64_t p = 0; p < count; ++p) {
        if (std::ranges::count(dropped[static_cast<std::size_t>(h)], p) > 0) continue;
        for (const bool is_key : {true, false}) {
          const Values row = paged.rows(is_key, kSequence, h, p, p);
          std::ranges::copy(row,
                            (is_key ? keys : values).begin() + paged.place(paged.slot(kSequence, to), h));
        }
        ++to;
      }
      // what lies behind the rows that are left may be anything
      forget(keys, paged, h, to, count);
      forget(values, paged, h, to, count);
    }
    expect_rows(paged.cache(true), keys);
    expect_rows(paged.cache(false), values);
  }

  static void forget(Values& pool, const PagedBatch& paged, std::int64_t head, std::int64_t from,
                     std::int64_t end) {
    for (; from < end; ++from) {
      const std::int64_t place = paged.place(paged.slot(kSequence, from), head);
      std::fill_n(pool.begin() + place, paged.kv().head_dim, kAnything);
    }
  }
  static void expect_rows(const Values& actual, const Values& expected) {
    for (std::size_t i = 0; i < actual.size(); ++i) {
      if (expected[i] == kAnything) continue;
      ASSERT_TRUE(actual[i] == expected[i] || (std::isnan(actual[i]) && std::isnan(expected[i])))
          << "element " << i << " is " << actual[i] << ", expected " << expected[i];
    }
  }

  static constexpr double kAnything = 1e9;
};

TEST_P(CutCacheTest, OneTokenOfEachHeadIsDropped) {
  drop(37, {2, 16, 4}, {{0}, {36}});
  drop(33, {1, 32, 16}, {{4}});
}

TEST_P(CutCacheTest, ARunOfTokensIsDropped) {
  std::vector<std::int32_t> run;
  for (std::int32_t i = 4; i < 90; ++i) run.push_back(i);
  drop(130, {3, 24, 8}, {run, run, run});
}

TEST_P(CutCacheTest, ScatteredTokensAreDroppedByHead) {
  std::vector<std::int32_t> even, third;
  for (std::int32_t i = 0; i < 300; ++i) {
    if (i % 2 == 0) even.push_back(i);
    if (i % 3 != 1 && third.size() < 150) third.push_back(i);
  }
  drop(300, {2, 64, 16}, {even, third});
}

TEST_P(CutCacheTest, ManyTokensMoveUpInTurns) {  // a GPU's block moves 256 of them at once
  std::vector<std::int32_t> third, last;
  for (std::int32_t i = 0; i < 900; ++i) {
    if (i % 3 == 0) third.push_back(i);
    if (i >= 590 && last.size() < 300) last.push_back(i);
  }
  drop(900, {2, 40, 16}, {third, last});
}

TEST_P(CutCacheTest, AllTokensMayBeDropped) {
  drop(5, {1, 16, 4}, {{0, 1, 2, 3, 4}});
}

TEST_P(CutCacheTest, OddHeadsAreMovedWhole) {
  drop(21, {2, 10, 3}, {{0, 7, 20}, {3, 4, 5}});
}

TEST_P(CutCacheTest, KeyNormsAreThoseOfTheStoredKeys) {
  for (const CacheShape& shape : {CacheShape{3, 16, 4}, CacheShape{2, 128, 16}, CacheShape{1, 10, 3}}) {
    const PagedBatch paged = batch(41, shape);
    for (const std::int64_t first : {0, 13, 40}) {
      const std::int64_t count = 41 - first;
      const DeviceArray<float> norms(backend(),
                                     std::vector<float>(static_cast<std::size_t>(shape.kv_heads * count)));
      ops().key_norms(norms.data(), cached(paged), first);
      const std::vector<float> actual = norms.read();
      for (std::int64_t h = 0; h < shape.kv_heads; ++h) {
        for (std::int64_t i = 0; i < count; ++i) {
          double squares = 0.0;
          for (const double value : paged.rows(true, kSequence, h, first + i, first + i))
            squares += value * value;
          const double expected = std::sqrt(squares);
          EXPECT_NEAR(static_cast<double>(actual[static_cast<std::size_t>(h * count + i)]), expected,
                      expected * static_cast<double>(shape.head_dim + 2) * kAccumulator);
        }
      }
    }
  }
}

TEST_P(CutCacheTest, KeysAreRotatedAtTheirPlaceInTheCache) {
  for (const auto& [shape, rotary_dim] : {std::pair{CacheShape{2, 32, 4}, std::int64_t{32}},
                                          std::pair{CacheShape{1, 20, 5}, std::int64_t{8}}}) {
    const PagedBatch paged = batch(23, shape);
    Values table;
    for (std::int64_t p = 0; p < 23; ++p) {
      for (int part = 0; part < 2; ++part) {
        for (std::int64_t i = 0; i < rotary_dim / 2; ++i) {
          const double angle = static_cast<double>(p) / (1.0 + static_cast<double>(i));
          table.push_back(
              static_cast<double>(static_cast<float>(part == 0 ? std::cos(angle) : std::sin(angle))));
        }
      }
    }
    const DeviceArray<float> rows(backend(), as_floats(table));
    const KvLayerView kv = paged.kv();
    const std::int64_t elements = kv.num_blocks * kv.block_stride;
    const DeviceTensor room(backend(), dtype(), 1, elements,
                            Values(static_cast<std::size_t>(elements), kAnything));
    KvLayerView rotated = kv;
    rotated.keys = room.view().data;
    ops().rotate_keys(rotated, cached(paged), {rows.data(), rotary_dim});

    const Values before = room.read();
    std::size_t written = 0;
    for (std::int64_t p = 0; p < 23; ++p) {
      const Values cos_sin(table.begin() + p * rotary_dim, table.begin() + (p + 1) * rotary_dim);
      for (std::int64_t h = 0; h < shape.kv_heads; ++h) {
        const Values expected = reference_rotate(paged.rows(true, kSequence, h, p, p), cos_sin);
        const auto begin = before.begin() + paged.place(paged.slot(kSequence, p), h);
        expect_close(Values(begin, begin + shape.head_dim), expected,
                     Values(expected.size(), 12.0 * 3 * kAccumulator), dtype());
        written += expected.size();
      }
    }
    const double anything = rounded({kAnything}, dtype()).front();
    const auto untouched = static_cast<std::size_t>(std::ranges::count(before, anything));
    EXPECT_EQ(untouched + written, before.size()) << "rows of nobody were written";
  }
}

/// A cache whose keys are rotated when they are read holds what the projection gave.
TEST_P(CutCacheTest, KeysMayBeStoredUnrotated) {
  PagedBatch paged(backend(), dtype(), {{3, 9}}, {2, 16, 4});
  const HeadLayout heads{2, 2, 16};
  const Values qkv = random_values(3 * heads.qkv_cols(), 5, dtype());
  const DeviceTensor device_qkv(backend(), dtype(), 3, heads.qkv_cols(), qkv);
  const DeviceArray<float> rows(backend(), std::vector<float>(9 * 16, 0.5F));
  ops().rope_and_store_kv(device_qkv, heads, {rows.data(), 16, false}, {}, paged.view(), paged.kv());
  const Values keys = paged.cache(true), after = device_qkv.read();
  for (std::int64_t t = 0; t < 3; ++t) {
    for (std::int64_t h = 0; h < 2; ++h) {
      for (std::int64_t d = 0; d < 16; ++d) {
        const auto from = static_cast<std::size_t>(t * heads.qkv_cols() + heads.q_cols() + h * 16 + d);
        EXPECT_EQ(keys[static_cast<std::size_t>(paged.place(paged.slot(0, 6 + t), h) + d)], qkv[from]);
      }
    }
    EXPECT_NE(after[static_cast<std::size_t>(t * heads.qkv_cols())],
              qkv[static_cast<std::size_t>(t * heads.qkv_cols())]);
  }
}

TPSCALE_EACH_BACKEND(CutCacheTest);

}  // namespace
}  // namespace tpscale::testing
