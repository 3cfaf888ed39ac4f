#include <gtest/gtest.h>

#include <algorithm>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"

namespace tpscale::testing {
namespace {

using SiluAndMulTest = BackendTest;

TEST_P(SiluAndMulTest, EqualsTheReference) {
  for (const std::int64_t cols : {1, 15, 16, 70, 300, 2104}) {
    for (const std::int64_t gap : {0, 2, 8}) {
      SCOPED_TRACE(::testing::Message() << cols << " columns, gap " << gap);
      const Values x = random_values(4 * 2 * cols, 1, dtype(), 4.0);
      const DeviceTensor in(backend(), dtype(), 4, 2 * cols, x, 2 * cols + 2 * gap);
      const DeviceTensor out(backend(), dtype(), 4, cols, cols + gap);
      ops().silu_and_mul(out, in);
      expect_close(out.read(), reference_silu_and_mul(x, 4, cols), 16 * kAccumulator, dtype());
    }
  }
}

TEST_P(SiluAndMulTest, IsFiniteAtTheEnds) {
  const double most = dtype() == Dtype::kF16 ? 6e4 : 1e30;
  const Values gates = rounded({-most, -200.0, -90.0, -88.5, -86.0, 0.0, 86.0, 90.0, 200.0, most}, dtype());
  Values x = gates;
  x.insert(x.end(), gates.size(), 1.0);
  const auto count = static_cast<std::int64_t>(gates.size());
  const DeviceTensor in(backend(), dtype(), 1, 2 * count, x);
  const DeviceTensor out(backend(), dtype(), 1, count);
  ops().silu_and_mul(out, in);
  const Values actual = out.read();
  const Values expected = reference_silu_and_mul(x, 1, count);
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i],
                std::abs(expected[i]) * rounding(dtype()) * 4 + std::max(1e-30, smallest_rounding(dtype())))
        << gates[i];
  }
}

TPSCALE_EACH_BACKEND(SiluAndMulTest);

}  // namespace
}  // namespace tpscale::testing
