#include <gtest/gtest.h>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"

namespace tpscale::testing {
namespace {

using EmbeddingTest = BackendTest;

TEST_P(EmbeddingTest, GivesRowsOfTheShardAndZerosElsewhere) {
  for (const std::int64_t hidden : {1, 33, 64, 200}) {
    constexpr std::int64_t kRows = 75, kFirst = 150;
    const Values table = random_values(kRows * hidden, 1, dtype());
    const auto weights = ops().make_linear(kRows, hidden, dtype(), true);
    const auto bytes = encoded(table, dtype());
    weights->write_rows(0, ConstTensorView(bytes.data(), dtype(), kRows, hidden));
    const std::vector<std::int32_t> ids = {150, 224, 149, 225, 0, 181, 182, 183, 150, 2000000000};
    const DeviceArray<std::int32_t> device_ids(backend(), ids);
    const auto count = static_cast<std::int64_t>(ids.size());
    const DeviceTensor out(backend(), dtype(), count, hidden,
                           Values(static_cast<std::size_t>(count * hidden), 9.0));
    ops().embedding(out, *weights, device_ids.data(), kFirst);
    Values expected(static_cast<std::size_t>(count * hidden), 0.0);
    for (std::int64_t t = 0; t < count; ++t) {
      const std::int64_t row = ids[static_cast<std::size_t>(t)] - kFirst;
      if (row < 0 || row >= kRows) continue;
      for (std::int64_t c = 0; c < hidden; ++c) expected[index(t, hidden, c)] = table[index(row, hidden, c)];
    }
    EXPECT_EQ(out.read(), expected) << "hidden " << hidden;
  }
}

TPSCALE_EACH_BACKEND(EmbeddingTest);

}  // namespace
}  // namespace tpscale::testing
