#include <gtest/gtest.h>

#include <cmath>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/paged_batch.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"

namespace tpscale::testing {
namespace {

struct Heads {
  std::int64_t heads, kv_heads, head_dim;
};

class PagedAttentionTest : public BackendTest {
 protected:
  Values attend(const PagedBatch& paged, const Heads& h, const Values& q, std::int64_t window) {
    return attend(paged, paged.view(), h, q, window);
  }
  Values attend(const PagedBatch& paged, BatchView view, const Heads& h, const Values& q,
                std::int64_t window) {
    const HeadLayout heads{h.heads, h.kv_heads, h.head_dim};
    // The queries stand in fused rows: what lies behind them must not be read.
    const DeviceTensor qkv(backend(), dtype(), paged.tokens(), heads.q_cols(), q, heads.qkv_cols());
    const DeviceTensor out(backend(), dtype(), paged.tokens(), heads.q_cols(), Values(q.size(), 7.0));
    view.max_context_len += slack_;
    ops().paged_attention(out, qkv, heads, view, paged.kv(), scale(h), window);
    return out.read();
  }
  std::int64_t slack_ = 0;  // of the upper bound that a batch states
  static float scale(const Heads& h) { return 1.0F / std::sqrt(static_cast<float>(h.head_dim)); }

  void run(const std::vector<SequenceShape>& sequences, const Heads& h, std::int64_t block_size,
           std::int64_t window = 0) {
    SCOPED_TRACE(::testing::Message() << h.heads << "/" << h.kv_heads << " heads of " << h.head_dim
                                      << ", blocks of " << block_size << ", window " << window);
    const PagedBatch paged(backend(), dtype(), sequences, {h.kv_heads, h.head_dim, block_size});
    const std::int64_t cols = h.heads * h.head_dim;
    const Values q = random_values(paged.tokens() * cols, 9, dtype());
    const Values actual = attend(paged, h, q, window);
    Values expected, absolute;
    std::int64_t token = 0;
    for (std::size_t s = 0; s < sequences.size(); ++s) {
      for (std::int64_t p = sequences[s].context - sequences[s].queries; p < sequences[s].context;
           ++p, ++token) {
        if (sequences[s].context == 0) {  // padding
          expected.insert(expected.end(), static_cast<std::size_t>(cols), 0.0);
          continue;
        }
        for (std::int64_t head = 0; head < h.heads; ++head) {
          const auto begin = q.begin() + static_cast<std::ptrdiff_t>(index(token, cols, head * h.head_dim));
          const std::int64_t first = window > 0 ? std::max<std::int64_t>(0, p + 1 - window) : 0;
          const std::int64_t kv_head = head / (h.heads / h.kv_heads);
          const Values values = paged.rows(false, s, kv_head, first, p);
          const Values row =
              reference_attend(Values(begin, begin + h.head_dim), paged.rows(true, s, kv_head, first, p),
                               values, static_cast<double>(scale(h)));
          expected.insert(expected.end(), row.begin(), row.end());
        }
      }
    }
    // Values are below 3.5. A score of head_dim products (each below 12, times the scale) errs by at most
    // `score`; every weight by that, relative, and by its own rounding to the compute dtype; so does their
    // average.
    const double dim = static_cast<double>(h.head_dim);
    const double score = dim * kAccumulator * 12.0 * std::sqrt(dim);
    absolute.assign(expected.size(), 3.5 * (2 * score + 64 * kAccumulator + rounding(dtype())));
    if (dtype() == Dtype::kF32) absolute.assign(expected.size(), 3.5 * (2 * score + 64 * kAccumulator));
    expect_close(actual, expected, absolute, dtype());
  }
};

TEST_P(PagedAttentionTest, Prefill) {
  run({{70, 70}, {1, 1}, {33, 33}}, {4, 2, 16}, 16);
}
TEST_P(PagedAttentionTest, Decode) {
  run({{1, 1}, {1, 200}, {1, 64}, {1, 65}, {1, 16}}, {4, 2, 16}, 16);
}
TEST_P(PagedAttentionTest, PrefixInTheCache) {
  run({{20, 150}, {64, 128}, {3, 67}}, {4, 2, 16}, 16);
}
TEST_P(PagedAttentionTest, MixedBatch) {
  run({{1, 90}, {40, 40}, {1, 5}, {17, 100}}, {2, 1, 32}, 16);
}
TEST_P(PagedAttentionTest, LongDecode) {
  run({{1, 1500}}, {2, 1, 64}, 16);
}
TEST_P(PagedAttentionTest, GroupedHeads) {
  for (const std::int64_t kv_heads : {8, 4, 2, 1}) run({{1, 80}, {19, 30}}, {8, kv_heads, 24}, 16);
}
TEST_P(PagedAttentionTest, HeadSizes) {
  for (const std::int64_t dim : {8, 20, 64, 80, 128, 256}) run({{1, 70}, {18, 75}}, {2, 1, dim}, 16);
}
TEST_P(PagedAttentionTest, BlockSizes) {
  for (const std::int64_t block_size : {1, 2, 16, 48, 256}) run({{1, 130}, {20, 70}}, {4, 2, 16}, block_size);
}
TEST_P(PagedAttentionTest, Windows) {
  for (const std::int64_t window : {1, 5, 64, 100, 1000})
    run({{1, 150}, {140, 150}, {30, 30}}, {2, 1, 16}, 16, window);
}
TEST_P(PagedAttentionTest, PaddingGivesZerosAndDisturbsNobody) {
  for (const std::int64_t slack : {0, 3000}) {
    slack_ = slack;
    run({{1, 0}}, {2, 1, 16}, 16);
    run({{1, 70}, {1, 0}, {1, 1}, {1, 0}}, {4, 2, 64}, 16);
    run({{1, 130}, {1, 0}}, {72, 1, 16}, 8);
    run({{1, 300}, {1, 0}, {1, 0}, {1, 0}}, {8, 8, 128}, 16);
  }
}
TEST_P(PagedAttentionTest, NoSequences) {
  run({}, {2, 1, 16}, 16);
}

// What follows are the seams of the CUDA kernels: splits of 64 keys and more, tiles of 64 rows, the number of
// query heads that a kernel takes together.
TEST_P(PagedAttentionTest, DecodeAcrossSplits) {
  run({{1, 63}, {1, 64}, {1, 65}, {1, 1}, {1, 1024}, {1, 1025}, {1, 2500}}, {2, 1, 64}, 16);
}
TEST_P(PagedAttentionTest, DecodeOfGroupedHeads) {
  for (const std::int64_t group : {1, 2, 3, 4, 5, 7, 8, 16}) run({{1, 150}, {1, 30}}, {2 * group, 2, 32}, 16);
}
TEST_P(PagedAttentionTest, DecodeOfHeadSizes) {
  for (const std::int64_t dim : {5, 8, 20, 40, 64, 72, 80, 96, 128, 200, 256}) {
    run({{1, 140}, {1, 3}}, {2, 1, dim}, 16);  // plain kernels
    run({{1, 140}, {1, 3}}, {6, 1, dim}, 16);  // tensor cores
  }
}
TEST_P(PagedAttentionTest, DecodeWithWindows) {
  for (const std::int64_t window : {1, 63, 64, 200, 5000}) {
    run({{1, 300}, {1, 50}, {1, 1}}, {2, 1, 16}, 16, window);
    run({{1, 300}, {1, 50}, {1, 1}}, {8, 1, 16}, 16, window);
  }
}
TEST_P(PagedAttentionTest, DecodeOverBlockSizes) {
  for (const std::int64_t block_size : {1, 7, 256}) run({{1, 130}, {1, 90}}, {8, 1, 16}, block_size);
}
TEST_P(PagedAttentionTest, GroupsThatDoNotDivideATile) {
  for (const std::int64_t group : {3, 5, 7, 16}) run({{50, 90}, {1, 70}}, {group, 1, 16}, 16);
}
TEST_P(PagedAttentionTest, MoreSequencesThanAWarpHasLanes) {
  std::vector<SequenceShape> sequences;
  for (std::int64_t s = 0; s < 70; ++s) sequences.push_back({s % 9 == 4 ? 40 : 1, 41 + s % 5});
  run(sequences, {4, 2, 8}, 16);
}
TEST_P(PagedAttentionTest, OddHeadSizesInPrefill) {
  for (const std::int64_t dim : {5, 40, 72, 96, 200}) run({{18, 75}, {33, 33}}, {2, 1, dim}, 7);
}
TEST_P(PagedAttentionTest, WindowsOfWholeTilesBack) {
  run({{70, 400}, {1, 300}}, {2, 1, 16}, 16, 40);  // the first tiles of some rows hold no key they see
}

TEST_P(PagedAttentionTest, PaddingOfManyHeadsGivesZeros) {
  run({{1, 90}, {1, 0}, {1, 300}, {1, 0}}, {8, 1, 16}, 16);
  run({{1, 0}}, {8, 1, 16}, 16);
  run({{5, 90}, {1, 0}, {1, 70}}, {8, 1, 16}, 16);
}

TEST_P(PagedAttentionTest, BoundsMayExceedTheBatch) {
  for (const std::int64_t queries : {1, 6}) {
    for (const std::int64_t group : {2, 8}) {
      const Heads h{group, 1, 32};
      const PagedBatch paged(backend(), dtype(), {{queries, 150}, {1, 20}}, {1, h.head_dim, 16});
      const Values q = random_values(paged.tokens() * h.heads * h.head_dim, 9, dtype());
      BatchView wide = paged.view();
      if (queries > 1) wide.max_query_len = 300;
      wide.max_context_len = 5000;
      EXPECT_EQ(attend(paged, wide, h, q, 0), attend(paged, h, q, 0));
    }
  }
}

TEST_P(PagedAttentionTest, ADecodedTokensBitsDoNotDependOnTheBatch) {
  for (const std::int64_t group : {2, 8}) {
    const Heads h{group, 1, 32};
    const std::int64_t cols = h.heads * h.head_dim;
    const Values q = random_values(3 * cols, 9, dtype());
    const PagedBatch alone(backend(), dtype(), {{1, 400}}, {1, h.head_dim, 16});
    const PagedBatch among(backend(), dtype(), {{1, 400}, {1, 0}, {1, 2200}}, {1, h.head_dim, 16});
    const Values expected = attend(alone, h, Values(q.begin(), q.begin() + cols), 0);
    const Values actual = attend(among, h, q, 0);
    EXPECT_EQ(Values(actual.begin(), actual.begin() + cols), expected) << group << " heads";
  }
}

TEST_P(PagedAttentionTest, TheBitsDependNeitherOnBlockSizeNorOnTheBatch) {
  const Heads h{4, 2, 32};
  const std::int64_t cols = h.heads * h.head_dim;
  const Values q = random_values(150 * cols, 9, dtype());
  const PagedBatch alone(backend(), dtype(), {{150, 150}}, {h.kv_heads, h.head_dim, 16});
  const Values expected = attend(alone, h, q, 0);
  for (const std::int64_t block_size : {1, 5, 64, 256}) {
    const PagedBatch other(backend(), dtype(), {{150, 150}}, {h.kv_heads, h.head_dim, block_size});
    EXPECT_EQ(attend(other, h, q, 0), expected) << "block size " << block_size;
  }
  for (const std::int64_t chunk :
       {1, 7, 20, 64}) {  // the end of the same prefill, the rest being in the cache
    if (chunk == 1 && backend().name() == "cuda") continue;  // the decode kernel adds in another order
    const PagedBatch cut(backend(), dtype(), {{chunk, 150}}, {h.kv_heads, h.head_dim, 16});
    const Values actual = attend(cut, h, Values(q.end() - chunk * cols, q.end()), 0);
    EXPECT_EQ(actual, Values(expected.end() - chunk * cols, expected.end()))
        << "the last " << chunk << " queries";
  }
}

TPSCALE_EACH_BACKEND(PagedAttentionTest);

}  // namespace
}  // namespace tpscale::testing
