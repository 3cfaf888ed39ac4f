#include <gtest/gtest.h>

#include <cmath>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"

namespace tpscale::testing {
namespace {

using GeluTest = BackendTest;

TEST_P(GeluTest, BothFormulasEqualTheReference) {
  for (const std::int64_t cols : {1, 15, 64, 300, 2104}) {
    for (const Gelu formula : {Gelu::kErf, Gelu::kTanh}) {
      SCOPED_TRACE(::testing::Message() << cols << " columns, formula " << static_cast<int>(formula));
      const Values x = random_values(4 * cols, 1, dtype(), 3.0);
      const DeviceTensor in(backend(), dtype(), 4, cols, x, cols + 8);
      const DeviceTensor out(backend(), dtype(), 4, cols, cols + 2);
      ops().gelu(out, in, formula);
      const Values actual = out.read();
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double expected = reference_gelu(x[i], formula == Gelu::kTanh);
        // erf may err by 1.5e-7, which a factor of x makes larger
        EXPECT_NEAR(
            actual[i], expected,
            std::abs(expected) * rounding(dtype()) * 4 + 4e-7 * std::abs(x[i]) + smallest_rounding(dtype()))
            << x[i];
      }
    }
  }
}

TEST_P(GeluTest, MayWorkInPlace) {
  const Values x = random_values(2 * 40, 1, dtype(), 2.0);
  const DeviceTensor in(backend(), dtype(), 2, 40, x);
  const DeviceTensor apart(backend(), dtype(), 2, 40);
  ops().gelu(apart, in, Gelu::kErf);
  const Values expected = apart.read();
  ops().gelu(in, in, Gelu::kErf);
  EXPECT_EQ(in.read(), expected);
}

TEST_P(GeluTest, IsZeroFarBelowAndTheIdentityFarAbove) {
  const Values x = rounded({-1000.0, -60.0, -20.0, 0.0, 20.0, 60.0, 1000.0}, dtype());
  for (const Gelu formula : {Gelu::kErf, Gelu::kTanh}) {
    const DeviceTensor in(backend(), dtype(), 1, 7, x);
    const DeviceTensor out(backend(), dtype(), 1, 7);
    ops().gelu(out, in, formula);
    const Values actual = out.read();
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(actual[i], std::max(x[i], 0.0), 1e-30) << x[i];
  }
}

TPSCALE_EACH_BACKEND(GeluTest);

}  // namespace
}  // namespace tpscale::testing
