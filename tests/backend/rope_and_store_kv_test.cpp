#include <gtest/gtest.h>

#include <cmath>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/paged_batch.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"

namespace tpscale::testing {
namespace {

struct Case {
  std::int64_t heads, kv_heads, head_dim, rotary_dim;
  bool norms;
};

class RopeTest : public BackendTest {
 protected:
  static Values angles(std::int64_t positions, std::int64_t rotary_dim) {
    Values table;
    for (std::int64_t p = 0; p < positions; ++p) {
      for (int part = 0; part < 2; ++part) {
        for (std::int64_t i = 0; i < rotary_dim / 2; ++i) {
          const double angle =
              static_cast<double>(p) /
              std::pow(10000.0, 2.0 * static_cast<double>(i) / static_cast<double>(rotary_dim));
          table.push_back(
              static_cast<double>(static_cast<float>(part == 0 ? std::cos(angle) : std::sin(angle))));
        }
      }
    }
    return table;
  }

  void run(const Case& c) {
    PagedBatch paged(backend(), dtype(), {{5, 9}, {1, 17}, {3, 3}}, {c.kv_heads, c.head_dim, 4});
    const HeadLayout heads{c.heads, c.kv_heads, c.head_dim};
    const Values qkv = random_values(paged.tokens() * heads.qkv_cols(), 5, dtype());
    const Values table = angles(20, c.rotary_dim);
    const Values q_weight = random_values(c.head_dim, 6, dtype());
    const Values k_weight = random_values(c.head_dim, 7, dtype());
    const DeviceTensor device_qkv(backend(), dtype(), paged.tokens(), heads.qkv_cols(), qkv);
    const DeviceArray<float> rows(backend(), as_floats(table));
    const DeviceArray<float> q_norm(backend(), as_floats(q_weight)), k_norm(backend(), as_floats(k_weight));
    HeadNorms norms;
    if (c.norms) norms = {q_norm.data(), k_norm.data(), 1e-6F};
    BatchView batch = paged.view();
    std::vector<std::int32_t> slots, positions;
    for (std::size_t s = 0; s < paged.sequences().size(); ++s) {
      const SequenceShape& shape = paged.sequences()[s];
      for (std::int64_t p = shape.context - shape.queries; p < shape.context; ++p) {
        slots.push_back(static_cast<std::int32_t>(paged.slot(s, p)));
        positions.push_back(static_cast<std::int32_t>(p));
      }
    }
    slots[2] = -1;  // a token that stores nothing
    const DeviceArray<std::int32_t> device_slots(backend(), slots);
    batch.slot_mapping = device_slots.data();
    const Values old_keys = paged.cache(true), old_values = paged.cache(false);
    ops().rope_and_store_kv(device_qkv, heads, {rows.data(), c.rotary_dim}, norms, batch, paged.kv());

    Values expected_keys = old_keys, expected_values = old_values, expected_q;
    const auto head_at = [&](std::int64_t t, std::int64_t col) {
      const auto begin = qkv.begin() + static_cast<std::ptrdiff_t>(index(t, heads.qkv_cols(), col));
      return Values(begin, begin + c.head_dim);
    };
    const auto transformed = [&](Values head, const Values& weight, std::int64_t t) {
      if (c.norms) head = reference_rms_norm(head, weight, static_cast<double>(1e-6F));
      const auto row = table.begin() + positions[static_cast<std::size_t>(t)] * c.rotary_dim;
      return reference_rotate(head, Values(row, row + c.rotary_dim));
    };
    for (std::int64_t t = 0; t < paged.tokens(); ++t) {
      for (std::int64_t h = 0; h < c.heads; ++h) {
        const Values q = transformed(head_at(t, h * c.head_dim), q_weight, t);
        expected_q.insert(expected_q.end(), q.begin(), q.end());
      }
      const std::int64_t slot = slots[static_cast<std::size_t>(t)];
      if (slot < 0) continue;
      for (std::int64_t h = 0; h < c.kv_heads; ++h) {
        const Values k = transformed(head_at(t, heads.q_cols() + h * c.head_dim), k_weight, t);
        const Values v = head_at(t, heads.q_cols() + heads.kv_cols() + h * c.head_dim);
        std::copy(k.begin(), k.end(), expected_keys.begin() + paged.place(slot, h));
        std::copy(v.begin(), v.end(), expected_values.begin() + paged.place(slot, h));
      }
    }
    Values actual_q;
    const Values all = device_qkv.read();
    for (std::int64_t t = 0; t < paged.tokens(); ++t) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(index(t, heads.qkv_cols(), 0));
      actual_q.insert(actual_q.end(), begin, begin + heads.q_cols());
    }
    // A rotated pair is a difference of two products of values up to about 12: a few roundings of that.
    const double absolute = 12.0 * (static_cast<double>(c.head_dim) / 2 + 8) * kAccumulator;
    expect_close(actual_q, expected_q, Values(actual_q.size(), absolute), dtype());
    expect_cache(paged.cache(true), expected_keys, absolute);
    expect_cache(paged.cache(false), expected_values, 0.0);
  }

  /// Slots of nobody keep their NaN.
  void expect_cache(const Values& actual, const Values& expected, double absolute) {
    for (std::size_t i = 0; i < actual.size(); ++i) {
      if (std::isnan(expected[i])) {
        ASSERT_TRUE(std::isnan(actual[i])) << "element " << i << " was written";
      } else {
        ASSERT_NEAR(actual[i], expected[i], absolute + std::abs(expected[i]) * rounding(dtype()))
            << "element " << i;
      }
    }
  }
};

TEST_P(RopeTest, Plain) {
  run({4, 2, 16, 16, false});
}
TEST_P(RopeTest, HeadNorms) {
  run({8, 4, 128, 128, true});
}
TEST_P(RopeTest, Partial) {
  run({3, 3, 20, 8, false});
}
TEST_P(RopeTest, PartialWithNorms) {
  run({3, 1, 64, 32, true});
}
TEST_P(RopeTest, WideHeads) {
  run({1, 1, 320, 64, true});
  run({2, 1, 600, 600, true});
}
TEST_P(RopeTest, NoRotation) {
  run({2, 1, 24, 0, false});
}
TEST_P(RopeTest, OddSizesWithNorms) {
  run({5, 1, 34, 34, true});
}

TPSCALE_EACH_BACKEND(RopeTest);

}  // namespace
}  // namespace tpscale::testing
