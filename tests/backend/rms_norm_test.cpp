#include <gtest/gtest.h>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"

namespace tpscale::testing {
namespace {

using RmsNormTest = BackendTest;
constexpr double kEpsilon = 1e-5;

/// The sum of n squares in any order errs by n roundings, its root by half of that; the rest is a handful.
double norm_tolerance(std::int64_t n) {
  return (static_cast<double>(n) / 2 + 8) * kAccumulator;
}

TEST_P(RmsNormTest, EqualsTheReference) {
  for (const std::int64_t cols : {1, 7, 16, 64, 100, 1024, 2600}) {
    for (const double size : {1e-4, 1.0, 100.0}) {
      const std::int64_t gap = size == 1.0 ? 1 : 8;  // rows that begin at multiples of 16 bytes, and others
      const Values x = random_values(5 * cols, 1, dtype(), size);
      const Values weight = random_values(cols, 2, dtype());
      const DeviceArray<float> device_weight(backend(), as_floats(weight));
      const DeviceTensor in(backend(), dtype(), 5, cols, x, cols + gap);
      const DeviceTensor out(backend(), dtype(), 5, cols);
      ops().rms_norm(out, in, device_weight.data(), static_cast<float>(kEpsilon));
      expect_close(out.read(),
                   reference_rms_norm(x, weight, static_cast<double>(static_cast<float>(kEpsilon))),
                   norm_tolerance(cols), dtype());
    }
  }
}

TEST_P(RmsNormTest, MayWorkInPlace) {
  const Values x = random_values(3 * 50, 1, dtype());
  const Values weight = random_values(50, 2, dtype());
  const DeviceArray<float> device_weight(backend(), as_floats(weight));
  const DeviceTensor in(backend(), dtype(), 3, 50, x);
  ops().rms_norm(in, in, device_weight.data(), 0.0F);
  expect_close(in.read(), reference_rms_norm(x, weight, 0.0), norm_tolerance(50), dtype());
}

TEST_P(RmsNormTest, AddsThenRoundsThenNormalises) {
  for (const std::int64_t cols : {3, 96, 130, 2600}) {
    const Values x = random_values(4 * cols, 1, dtype());
    const Values residual = random_values(4 * cols, 2, dtype(), 10.0);
    const Values weight = random_values(cols, 3, dtype());
    const DeviceArray<float> device_weight(backend(), as_floats(weight));
    const DeviceTensor in(backend(), dtype(), 4, cols, x);
    const DeviceTensor sums(backend(), dtype(), 4, cols, residual);
    const DeviceTensor out(backend(), dtype(), 4, cols);
    ops().add_rms_norm(out, sums, in, device_weight.data(), static_cast<float>(kEpsilon));
    Values expected;
    for (std::size_t i = 0; i < x.size(); ++i) {
      expected.push_back(static_cast<double>(static_cast<float>(x[i]) + static_cast<float>(residual[i])));
    }
    expected = rounded(expected, dtype());
    EXPECT_EQ(sums.read(), expected) << "the residual is exact: one fp32 sum, one rounding";
    expect_close(out.read(),
                 reference_rms_norm(expected, weight, static_cast<double>(static_cast<float>(kEpsilon))),
                 norm_tolerance(cols), dtype());
  }
}

TPSCALE_EACH_BACKEND(RmsNormTest);

}  // namespace
}  // namespace tpscale::testing
