#include <gtest/gtest.h>

#include "core/error.h"
#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"

namespace tpscale::testing {
namespace {

struct Shape {
  std::int64_t rows, outs, ins;
};

class LinearTest : public BackendTest {
 protected:
  /// The weights, written in two pieces from host rows of dtype `from`.
  std::unique_ptr<LinearWeights> make(const Values& w, std::int64_t outs, std::int64_t ins, Dtype from) {
    auto weights = ops().make_linear(outs, ins, dtype(), false);
    const auto bytes = encoded(w, from);
    const ConstTensorView rows(bytes.data(), from, outs, ins);
    const std::int64_t first = outs / 3;
    weights->write_rows(first, rows.rows_at(first, outs - first));
    weights->write_rows(0, rows.rows_at(0, first));
    return weights;
  }
};

TEST_P(LinearTest, EqualsTheReferenceForOddShapes) {
  for (const Shape& s : {Shape{1, 1, 1}, Shape{1, 33, 31}, Shape{2, 64, 64}, Shape{3, 100, 77},
                         Shape{5, 32, 200}, Shape{15, 47, 96}, Shape{16, 48, 128}, Shape{17, 130, 33},
                         Shape{31, 16, 544}, Shape{33, 65, 32}, Shape{70, 96, 1100}, Shape{300, 40, 64},
                         Shape{4, 24, 1031}, Shape{8, 72, 512}, Shape{9, 20, 1000}, Shape{24, 9, 264}}) {
    SCOPED_TRACE(::testing::Message() << s.rows << " x " << s.outs << " x " << s.ins);
    const Values x = random_values(s.rows * s.ins, 1, dtype());
    const Values w = random_values(s.outs * s.ins, 2, dtype());
    const Values bias = random_values(s.outs, 3, dtype());
    const auto weights = make(w, s.outs, s.ins, dtype());
    const DeviceTensor in(backend(), dtype(), s.rows, s.ins, x, s.ins + 3);
    const DeviceTensor out(backend(), dtype(), s.rows, s.outs, s.outs + 5);
    const DeviceArray<float> device_bias(backend(), as_floats(bias));
    for (const bool with_bias : {false, true}) {
      ops().linear(out, in, *weights, with_bias ? device_bias.data() : nullptr);
      Values magnitude;
      const Values expected =
          reference_linear(x, w, with_bias ? bias : Values{}, s.rows, s.outs, s.ins, &magnitude);
      // Any order of summing K products in fp32 errs by less than (K + 2) roundings of the sum of magnitudes.
      for (double& m : magnitude) m *= static_cast<double>(s.ins + 2) * kAccumulator;
      expect_close(out.read(), expected, magnitude, dtype());
    }
  }
}

TEST_P(LinearTest, EqualsTheReferenceForRowsOfWholeVectors) {  // which a GPU's tiles take, with a bias
  for (const Shape& s : {Shape{33, 65, 32}, Shape{64, 20, 8}, Shape{100, 200, 264}, Shape{129, 66, 72},
                         Shape{512, 24, 136}, Shape{513, 24, 16}}) {
    SCOPED_TRACE(::testing::Message() << s.rows << " x " << s.outs << " x " << s.ins);
    const Values x = random_values(s.rows * s.ins, 1, dtype());
    const Values w = random_values(s.outs * s.ins, 2, dtype());
    const Values bias = random_values(s.outs, 3, dtype());
    const auto weights = make(w, s.outs, s.ins, dtype());
    const DeviceTensor in(backend(), dtype(), s.rows, s.ins, x, s.ins + 8);
    const DeviceTensor out(backend(), dtype(), s.rows, s.outs, Values(x.size() / s.ins * s.outs, 7.0));
    const DeviceArray<float> device_bias(backend(), as_floats(bias));
    ops().linear(out, in, *weights, device_bias.data());
    Values magnitude;
    const Values expected = reference_linear(x, w, bias, s.rows, s.outs, s.ins, &magnitude);
    for (double& m : magnitude) m *= static_cast<double>(s.ins + 2) * kAccumulator;
    expect_close(out.read(), expected, magnitude, dtype());
  }
}

TEST_P(LinearTest, EqualsTheReferenceForManyOutputs) {  // of which a GPU's blocks take more each
  for (const Shape& s : {Shape{1, 4300, 72}, Shape{12, 2200, 40}, Shape{20, 4300, 40}, Shape{3, 17000, 40},
                         Shape{10, 17000, 40}}) {
    SCOPED_TRACE(::testing::Message() << s.rows << " x " << s.outs << " x " << s.ins);
    const Values x = random_values(s.rows * s.ins, 1, dtype());
    const Values w = random_values(s.outs * s.ins, 2, dtype());
    const auto weights = make(w, s.outs, s.ins, dtype());
    const DeviceTensor in(backend(), dtype(), s.rows, s.ins, x);
    const DeviceTensor out(backend(), dtype(), s.rows, s.outs);
    ops().linear(out, in, *weights, nullptr);
    Values magnitude;
    const Values expected = reference_linear(x, w, {}, s.rows, s.outs, s.ins, &magnitude);
    for (double& m : magnitude) m *= static_cast<double>(s.ins + 2) * kAccumulator;
    expect_close(out.read(), expected, magnitude, dtype());
  }
}

TEST_P(LinearTest, LeavesTheGapBetweenRowsAlone) {
  const auto weights = make(random_values(40 * 8, 1, dtype()), 40, 8, dtype());
  const DeviceTensor in(backend(), dtype(), 3, 8, random_values(24, 2, dtype()));
  const DeviceTensor out(backend(), dtype(), 3, 64, Values(3 * 64, 7.0));
  ops().linear(out.view().cols_at(0, 40), in, *weights, nullptr);
  const Values values = out.read();
  for (std::int64_t r = 0; r < 3; ++r) {
    for (std::int64_t c = 40; c < 64; ++c) EXPECT_EQ(values[index(r, 64, c)], 7.0) << r << ", " << c;
  }
}

TEST_P(LinearTest, ARowDoesNotDependOnItsBatch) {
  constexpr std::int64_t kOuts = 96, kIns = 1056;
  const bool cuda = std::get<0>(GetParam()).backend == "cuda";  // cuBLASLt, for more rows, promises nothing
  const std::int64_t rows = cuda ? (dtype() == Dtype::kF32 ? 8 : 32) : 75;
  const Values x = random_values(rows * kIns, 1, dtype());
  const auto weights = make(random_values(kOuts * kIns, 2, dtype()), kOuts, kIns, dtype());
  const DeviceTensor in(backend(), dtype(), rows, kIns, x);
  const DeviceTensor whole(backend(), dtype(), rows, kOuts);
  ops().linear(whole, in, *weights, nullptr);
  const Values expected = whole.read();
  if (std::get<0>(GetParam()).options.linear == "onednn")
    GTEST_SKIP() << "oneDNN promises no order of summation";
  for (const std::int64_t count : {1, 2, 3, 4, 7, 8, 13, 16, 17, 32, 50}) {
    if (count > rows) break;
    const std::int64_t first = rows - count;
    const DeviceTensor part(backend(), dtype(), count, kOuts);
    ops().linear(part, in.view().rows_at(first, count), *weights, nullptr);
    const Values actual = part.read();
    for (std::size_t i = 0; i < actual.size(); ++i) {
      ASSERT_EQ(actual[i], expected[static_cast<std::size_t>(first * kOuts) + i])
          << count << " rows, element " << i;
    }
  }
}

TEST_P(LinearTest, TakesWeightsOfEveryDtype) {
  for (const Dtype from : {Dtype::kF32, Dtype::kBF16, Dtype::kF16}) {
    const Values w = random_values(50 * 20, 4, from);
    const auto weights = make(w, 50, 20, from);
    const Values x = random_values(20, 5, dtype());
    const DeviceTensor in(backend(), dtype(), 1, 20, x);
    const DeviceTensor out(backend(), dtype(), 1, 50);
    ops().linear(out, in, *weights, nullptr);
    Values magnitude;
    const Values expected = reference_linear(x, rounded(w, dtype()), {}, 1, 50, 20, &magnitude);
    for (double& m : magnitude) m *= 22 * kAccumulator;
    expect_close(out.read(), expected, magnitude, dtype());
  }
}

TEST_P(LinearTest, RowsNeverWrittenAreZero) {
  const auto weights = ops().make_linear(70, 40, dtype(), false);
  const Values row(40, 1.0);
  const auto bytes = encoded(row, Dtype::kF32);
  weights->write_rows(69, ConstTensorView(bytes.data(), Dtype::kF32, 1, 40));
  const DeviceTensor in(backend(), dtype(), 1, 40, Values(40, 1.0));
  const DeviceTensor out(backend(), dtype(), 1, 70, Values(70, 5.0));
  ops().linear(out, in, *weights, nullptr);
  Values expected(70, 0.0);
  expected[69] = 40.0;
  EXPECT_EQ(out.read(), expected);
}

TEST_P(LinearTest, SaysWhatItHolds) {
  const std::size_t before = backend().memory().use().by_kind[static_cast<std::size_t>(MemoryKind::kWeights)];
  const auto weights = ops().make_linear(128, 96, dtype(), true);
  EXPECT_EQ(weights->out_features(), 128);
  EXPECT_EQ(weights->in_features(), 96);
  EXPECT_EQ(weights->dtype(), dtype());
  EXPECT_EQ(weights->bytes(), 128 * 96 * size_of(dtype()));
  EXPECT_EQ(backend().memory().use().by_kind[static_cast<std::size_t>(MemoryKind::kWeights)] - before,
            weights->bytes());
}

TEST(OneDnnLinear, SaysThatItHasNoF16) {
  BackendOptions options;
  options.linear = "onednn";
  std::unique_ptr<Backend> backend;
  try {
    backend = backend_registry().find("cpu").factory(options, DevicePlace{});
  } catch (const NotAvailableError& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_FALSE(backend->supports(Dtype::kF16));
  EXPECT_THROW(backend->ops().make_linear(8, 8, Dtype::kF16, false), NotAvailableError);
}

TPSCALE_EACH_BACKEND(LinearTest);

}  // namespace
}  // namespace tpscale::testing
