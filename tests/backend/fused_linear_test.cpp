#include <gtest/gtest.h>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"

namespace tpscale::testing {
namespace {

struct Shape {
  std::int64_t rows, outs, ins;
};
constexpr float kEpsilon = 1e-5F;

/// The ops in one against their parts on the same device: whoever fuses keeps the roundings in between, or
/// says where not.
class FusedLinearTest : public BackendTest {
 protected:
  std::unique_ptr<LinearWeights> make(std::int64_t outs, std::int64_t ins, std::uint64_t seed) {
    auto weights = ops().make_linear(outs, ins, dtype(), false);
    const auto bytes = encoded(random_values(outs * ins, seed, dtype(), 0.25), dtype());
    weights->write_rows(0, ConstTensorView(bytes.data(), dtype(), outs, ins));
    return weights;
  }
  DeviceArray<float> vector(std::int64_t size, std::uint64_t seed) {
    return {backend(), as_floats(random_values(size, seed, dtype()))};
  }
  /// A matrix full of NaN: room for results.
  DeviceTensor room(std::int64_t rows, std::int64_t cols, std::int64_t gap = 0) {
    const Values nothing(static_cast<std::size_t>(rows * cols), std::nan(""));
    return {backend(), dtype(), rows, cols, nothing, cols + gap};
  }
  /// A GPU's kernels for more rows than four divide by the root mean square behind the product.
  static bool keeps_every_rounding(std::int64_t rows) {
    return std::get<0>(GetParam()).backend != "cuda" || rows <= 4;
  }
  static std::vector<Shape> shapes() {
    return {{1, 6, 8},    {1, 48, 64},  {2, 34, 136}, {3, 16, 128}, {4, 130, 264},
            {5, 96, 200}, {9, 64, 320}, {17, 40, 96}, {33, 24, 64}};
  }
};

TEST_P(FusedLinearTest, LinearSiluAndMulEqualsItsParts) {
  std::vector<Shape> all = shapes();
  all.insert(all.end(), {{1, 2, 1}, {1, 30, 31}, {3, 66, 77}, {8, 50, 33}, {2, 17000, 24}});
  for (const Shape& s : all) {
    for (const std::int64_t gap : {0, 3, 8}) {
      if (gap > 0 && s.outs > 1000) continue;
      SCOPED_TRACE(::testing::Message() << s.rows << " x " << s.outs << " x " << s.ins << ", gap " << gap);
      const auto weights = make(s.outs, s.ins, 1);
      const DeviceTensor x(backend(), dtype(), s.rows, s.ins, random_values(s.rows * s.ins, 2, dtype()),
                           s.ins + gap);
      const auto bias = vector(s.outs, 3);
      for (const float* b : {static_cast<const float*>(nullptr), static_cast<const float*>(bias.data())}) {
        const DeviceTensor gate_up = room(s.rows, s.outs), parts = room(s.rows, s.outs / 2);
        ops().linear(gate_up, x, *weights, b);
        ops().silu_and_mul(parts, gate_up);
        const DeviceTensor scratch = room(s.rows, s.outs), whole = room(s.rows, s.outs / 2, gap);
        ops().linear_silu_and_mul(whole, x, *weights, b, scratch);
        EXPECT_EQ(whole.read(), parts.read());
      }
    }
  }
}

TEST_P(FusedLinearTest, AddRmsNormLinearEqualsItsParts) {
  std::vector<Shape> all = shapes();
  all.insert(all.end(),
             {{40, 40, 72}, {70, 36, 136}, {130, 24, 264}, {300, 16, 72}, {129, 6400, 24}, {7, 12900, 24}});
  for (const Shape& s : all) {
    SCOPED_TRACE(::testing::Message() << s.rows << " x " << s.outs << " x " << s.ins);
    const auto weights = make(s.outs, s.ins, 1);
    const Values before = random_values(s.rows * s.ins, 2, dtype(), 8.0);
    const DeviceTensor x(backend(), dtype(), s.rows, s.ins, random_values(s.rows * s.ins, 3, dtype()));
    const auto norm = vector(s.ins, 4), bias = vector(s.outs, 5);

    const DeviceTensor residual(backend(), dtype(), s.rows, s.ins, before);
    const DeviceTensor normed = room(s.rows, s.ins), parts = room(s.rows, s.outs);
    ops().add_rms_norm(normed, residual, x, norm.data(), kEpsilon);
    ops().linear(parts, normed, *weights, bias.data());

    const DeviceTensor products = room(s.rows, s.outs), activated = room(s.rows, s.outs / 2);
    for (const bool silu : {false, true}) {
      const DeviceTensor now(backend(), dtype(), s.rows, s.ins, before), next = room(s.rows, s.ins);
      const DeviceTensor scratch = room(s.rows, s.ins), gate_up = room(s.rows, s.outs);
      ResidualStream stream{now, next};
      const PendingNorm pending{x, norm.data(), kEpsilon, scratch};
      if (silu) {
        ops().add_rms_norm_linear_silu_and_mul(activated, stream, pending, *weights, bias.data(), gate_up);
      } else {
        ops().add_rms_norm_linear(products, stream, pending, *weights, bias.data());
      }
      ASSERT_NE(stream.now.data, stream.next.data);
      EXPECT_EQ((stream.now.data == now.view().data ? now : next).read(), residual.read());
    }
    if (keeps_every_rounding(s.rows)) {
      EXPECT_EQ(products.read(), parts.read());
    } else {
      Values magnitude;
      const Values expected =
          reference_linear(normed.read(), random_values(s.outs * s.ins, 1, dtype(), 0.25),
                           random_values(s.outs, 5, dtype()), s.rows, s.outs, s.ins, &magnitude);
      // Both norms are rounded once, at other places; the sum of squares errs by ins roundings, its root by
      // half.
      for (double& m : magnitude) {
        m *= (1.5 * static_cast<double>(s.ins) + 10) * kAccumulator + 2 * rounding(dtype());
      }
      expect_close(products.read(), expected, magnitude, dtype());
    }
    const DeviceTensor behind = room(s.rows, s.outs / 2);
    ops().silu_and_mul(behind, products);
    EXPECT_EQ(activated.read(), behind.read());
  }
}

TEST_P(FusedLinearTest, ARowDoesNotDependOnItsBatch) {
  constexpr std::int64_t kRows = 140, kOuts = 40, kIns = 200;
  const auto weights = make(kOuts, kIns, 1);
  const Values before = random_values(kRows * kIns, 2, dtype(), 8.0);
  const DeviceTensor x(backend(), dtype(), kRows, kIns, random_values(kRows * kIns, 3, dtype()));
  const auto norm = vector(kIns, 4);
  const auto rows_from = [&](std::int64_t first, std::int64_t count) {
    const DeviceTensor now(backend(), dtype(), kRows, kIns, before), next = room(kRows, kIns);
    const DeviceTensor scratch = room(kRows, kIns), out = room(count, kOuts);
    ResidualStream stream{now.view().rows_at(first, count), next.view().rows_at(first, count)};
    ops().add_rms_norm_linear(
        out, stream,
        {x.view().rows_at(first, count), norm.data(), kEpsilon, scratch.view().rows_at(first, count)},
        *weights, nullptr);
    return out.read();
  };
  const Values whole = rows_from(0, kRows);
  for (const std::int64_t count : {5, 16, 33, 64, 65}) {
    const std::int64_t first = kRows - count;
    EXPECT_EQ(rows_from(first, count), Values(whole.begin() + first * kOuts, whole.end()))
        << count << " rows";
  }
}

TEST_P(FusedLinearTest, EqualsTheReference) {
  constexpr std::int64_t kRows = 2, kOuts = 40, kIns = 144;
  const Values w = random_values(kOuts * kIns, 1, dtype(), 0.25);
  const auto weights = make(kOuts, kIns, 1);
  const Values residual = random_values(kRows * kIns, 2, dtype(), 4.0);
  const Values x = random_values(kRows * kIns, 3, dtype());
  const Values norm = random_values(kIns, 4, dtype());
  const auto device_norm = vector(kIns, 4);
  const DeviceTensor now(backend(), dtype(), kRows, kIns, residual), next = room(kRows, kIns);
  const DeviceTensor added(backend(), dtype(), kRows, kIns, x);
  const DeviceTensor normed = room(kRows, kIns), out = room(kRows, kOuts);
  ResidualStream stream{now, next};
  ops().add_rms_norm_linear(out, stream, {added, device_norm.data(), kEpsilon, normed}, *weights, nullptr);

  Values sum;
  for (std::size_t i = 0; i < x.size(); ++i) sum.push_back(x[i] + residual[i]);
  sum = rounded(sum, dtype());
  Values magnitude;
  const Values input = rounded(reference_rms_norm(sum, norm, static_cast<double>(kEpsilon)), dtype());
  const Values expected = reference_linear(input, w, {}, kRows, kOuts, kIns, &magnitude);
  // A norm that falls to the other side of a rounding is off by two of them.
  for (double& m : magnitude) m *= (kIns + 2) * kAccumulator + 2 * rounding(dtype());
  expect_close(out.read(), expected, magnitude, dtype());
}

TPSCALE_EACH_BACKEND(FusedLinearTest);

}  // namespace
}  // namespace tpscale::testing
