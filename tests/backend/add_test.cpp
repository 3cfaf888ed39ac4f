#include <gtest/gtest.h>

#include <cmath>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"

namespace tpscale::testing {
namespace {

using AddTest = BackendTest;

Values sums_of(const Values& a, const Values& b, Dtype dtype) {
  Values sums;
  for (std::size_t i = 0; i < a.size(); ++i)
    sums.push_back(static_cast<double>(static_cast<float>(a[i]) + static_cast<float>(b[i])));
  return rounded(sums, dtype);
}

TEST_P(AddTest, IsOneSumAndOneRounding) {
  for (const std::int64_t cols : {1, 33, 64, 200}) {
    for (const std::int64_t gap : {0, 3, 8}) {
      const Values a = random_values(5 * cols, 1, dtype()), b = random_values(5 * cols, 2, dtype());
      const DeviceTensor out(backend(), dtype(), 5, cols, a, cols + gap);
      const DeviceTensor in(backend(), dtype(), 5, cols, b, cols + gap);
      ops().add(out, in);
      EXPECT_EQ(out.read(), sums_of(a, b, dtype())) << cols << " columns, gap " << gap;
    }
  }
}

/// Every number of 16 bits: subnormal, the largest, infinite or none.
Values every_number(Dtype dtype, std::uint16_t step) {
  Values values;
  for (std::uint32_t i = 0; i < 1U << 16; ++i) {
    BFloat16 bf16;
    Float16 f16;
    bf16.bits = f16.bits = static_cast<std::uint16_t>(i * step);
    values.push_back(
        static_cast<double>(dtype == Dtype::kF16 ? static_cast<float>(f16) : static_cast<float>(bf16)));
  }
  return values;
}

TEST_P(AddTest, RoundsEverySizeOfNumberAlike) {
  const Values a = every_number(dtype(), 1), b = every_number(dtype(), 40503);
  const auto count = static_cast<std::int64_t>(a.size());
  const DeviceTensor out(backend(), dtype(), 1, count, a), in(backend(), dtype(), 1, count, b);
  ops().add(out, in);
  const Values actual = out.read(), expected = sums_of(a, b, dtype());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_TRUE(actual[i] == expected[i] || (std::isnan(actual[i]) && std::isnan(expected[i])))
        << a[i] << " + " << b[i] << " is " << actual[i] << ", expected " << expected[i];
  }
}

TEST_P(AddTest, RowsOfATableByTheirNumbers) {
  for (const std::int64_t hidden : {1, 33, 64, 200}) {
    constexpr std::int64_t kRows = 70;
    const Values table = random_values(kRows * hidden, 1, dtype());
    const auto weights = ops().make_linear(kRows, hidden, dtype(), true);
    const auto bytes = encoded(table, dtype());
    weights->write_rows(0, ConstTensorView(bytes.data(), dtype(), kRows, hidden));
    const std::vector<std::int32_t> rows = {0, 69, 31, 32, 33, 31};
    const DeviceArray<std::int32_t> device_rows(backend(), rows);
    const auto count = static_cast<std::int64_t>(rows.size());
    const Values before = random_values(count * hidden, 2, dtype());
    const DeviceTensor out(backend(), dtype(), count, hidden, before);
    ops().add_embedding(out, *weights, device_rows.data());
    Values added;
    for (const std::int32_t row : rows) {
      for (std::int64_t c = 0; c < hidden; ++c) added.push_back(table[index(row, hidden, c)]);
    }
    EXPECT_EQ(out.read(), sums_of(before, added, dtype())) << "hidden " << hidden;
  }
}

TPSCALE_EACH_BACKEND(AddTest);

}  // namespace
}  // namespace tpscale::testing
