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
    const HeadLayout heads{h.heads, h.kv_heads, h.head_dim};
    // The queries stand in fused rows: what lies behind them must not be read.
    const DeviceTensor qkv(backend(), dtype(), paged.tokens(), heads.q_cols(), q, heads.qkv_cols());
    const DeviceTensor out(backend(), dtype(), paged.tokens(), heads.q_cols(), Values(q.size(), 7.0));
    BatchView batch = paged.view();
    batch.max_context_len += slack_;
    ops().paged_attention(out, qkv, heads, batch, paged.kv(), scale(h), window);
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
    const PagedBatch cut(backend(), dtype(), {{chunk, 150}}, {h.kv_heads, h.head_dim, 16});
    const Values actual = attend(cut, h, Values(q.end() - chunk * cols, q.end()), 0);
    EXPECT_EQ(actual, Values(expected.end() - chunk * cols, expected.end()))
        << "the last " << chunk << " queries";
  }
}

TPSCALE_EACH_BACKEND(PagedAttentionTest);

}  // namespace
}  // namespace tpscale::testing
