#include <gtest/gtest.h>

#include <cmath>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"

namespace tpscale::testing {
namespace {

using LayerNormTest = BackendTest;
constexpr float kEpsilon = 1e-5F;

/// Mean and deviation err by the roundings of their sums of n. The first moves every normalised value by its
/// share of the deviation, the second in proportion; the bias may cancel what they have moved.
Values tolerances(const Values& expected, const Values& weight, const Values& bias,
                  double mean_over_deviation) {
  const double sums = (static_cast<double>(weight.size()) / 2 + 16) * kAccumulator;
  Values absolute;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double w = std::abs(weight[i % weight.size()]), b = bias[i % weight.size()];
    absolute.push_back(sums * (std::abs(expected[i] - b) + std::abs(b) + w * (1.0 + mean_over_deviation)));
  }
  return absolute;
}

TEST_P(LayerNormTest, EqualsTheReference) {
  for (const std::int64_t cols : {1, 7, 16, 64, 100, 1000, 2600}) {
    for (const std::int64_t gap : {0, 1, 8}) {
      SCOPED_TRACE(::testing::Message() << cols << " columns, gap " << gap);
      Values x = random_values(5 * cols, 1, dtype());
      for (double& value : x) value += 3.0;  // a mean that must be taken off
      x = rounded(x, dtype());
      const Values weight = random_values(cols, 2, dtype()), bias = random_values(cols, 3, dtype());
      const DeviceArray<float> device_weight(backend(), as_floats(weight));
      const DeviceArray<float> device_bias(backend(), as_floats(bias));
      const DeviceTensor in(backend(), dtype(), 5, cols, x, cols + gap);
      const DeviceTensor out(backend(), dtype(), 5, cols, cols + gap);
      ops().layer_norm(out, in, device_weight.data(), device_bias.data(), kEpsilon);
      const Values expected = reference_layer_norm(x, weight, bias, static_cast<double>(kEpsilon));
      expect_close(out.read(), expected, tolerances(expected, weight, bias, 3.0), dtype());
    }
  }
}

TEST_P(LayerNormTest, AddsThenRoundsThenNormalises) {
  for (const std::int64_t cols : {3, 96, 130, 1100}) {
    const Values x = random_values(4 * cols, 1, dtype()),
                 residual = random_values(4 * cols, 2, dtype(), 10.0);
    const Values weight = random_values(cols, 3, dtype()), bias = random_values(cols, 4, dtype());
    const DeviceArray<float> device_weight(backend(), as_floats(weight));
    const DeviceArray<float> device_bias(backend(), as_floats(bias));
    const DeviceTensor in(backend(), dtype(), 4, cols, x);
    const DeviceTensor sums(backend(), dtype(), 4, cols, residual);
    const DeviceTensor out(backend(), dtype(), 4, cols);
    ops().add_layer_norm(out, sums, in, device_weight.data(), device_bias.data(), kEpsilon);
    Values expected;
    for (std::size_t i = 0; i < x.size(); ++i) {
      expected.push_back(static_cast<double>(static_cast<float>(x[i]) + static_cast<float>(residual[i])));
    }
    expected = rounded(expected, dtype());
    EXPECT_EQ(sums.read(), expected) << "the residual is exact: one fp32 sum, one rounding";
    const Values normed = reference_layer_norm(expected, weight, bias, static_cast<double>(kEpsilon));
    expect_close(out.read(), normed, tolerances(normed, weight, bias, 1.0), dtype());
  }
}

TPSCALE_EACH_BACKEND(LayerNormTest);

}  // namespace
}  // namespace tpscale::testing
