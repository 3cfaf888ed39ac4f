#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"

namespace tpscale::testing {
namespace {

class ArgmaxTest : public BackendTest {
 protected:
  /// logits [parts * sequences, cols], part-major.
  std::vector<std::int32_t> run(const Values& logits, std::int64_t parts, std::int64_t sequences,
                                std::int64_t cols, std::int64_t vocab) {
    const DeviceTensor device(backend(), dtype(), parts * sequences, cols, logits);
    const DeviceArray<std::int32_t> ids(backend(),
                                        std::vector<std::int32_t>(static_cast<std::size_t>(sequences), -7));
    ops().argmax(ids.data(), device, parts, vocab);
    return ids.read();
  }
};

TEST_P(ArgmaxTest, FindsTheLargestAcrossParts) {
  constexpr std::int64_t kParts = 4, kSequences = 9, kCols = 77, kVocab = 300;
  const Values logits = random_values(kParts * kSequences * kCols, 3, dtype());
  std::vector<std::int32_t> expected;
  for (std::int64_t s = 0; s < kSequences; ++s) {
    std::int32_t best = 0;
    const auto at = [&](std::int64_t id) {
      return logits[index(id / kCols * kSequences + s, kCols, id % kCols)];
    };
    for (std::int32_t id = 1; id < kVocab; ++id) {
      if (at(id) > at(best)) best = id;
    }
    expected.push_back(best);
  }
  EXPECT_EQ(run(logits, kParts, kSequences, kCols, kVocab), expected);
}

TEST_P(ArgmaxTest, TheLowestIndexWinsATie) {
  Values logits(3 * 40, -1.0);
  logits[index(1, 40, 11)] = 2.0;
  logits[index(1, 40, 39)] = 2.0;
  logits[index(2, 40, 0)] = 2.0;
  EXPECT_EQ(run(logits, 3, 1, 40, 120), std::vector<std::int32_t>{51});
  EXPECT_EQ(run(Values(3 * 40, -5.0), 3, 1, 40, 120), std::vector<std::int32_t>{0}) << "all the same";
}

TEST_P(ArgmaxTest, PaddedColumnsDoNotCount) {
  Values logits(4 * 20, -3.0);
  logits[index(2, 20, 5)] = -2.0;                                       // id 45, the last of the vocabulary
  for (std::int64_t c = 6; c < 20; ++c) logits[index(2, 20, c)] = 9.0;  // padding in its part
  for (std::int64_t c = 0; c < 20; ++c) logits[index(3, 20, c)] = 9.0;  // a part of nothing but padding
  EXPECT_EQ(run(logits, 4, 1, 20, 46), std::vector<std::int32_t>{45});
}

TEST_P(ArgmaxTest, LongRowsOfManyBlocks) {
  constexpr std::int64_t kCols = 20011, kVocab = 2 * kCols - 17;
  Values logits = random_values(2 * 3 * kCols, 5, dtype());
  const auto at = [&](std::int64_t s, std::int64_t id) -> double& {
    return logits[index(id / kCols * 3 + s, kCols, id % kCols)];
  };
  at(0, kVocab - 1) = 40.0;
  at(1, 8192) = at(1, 8191) = at(1, 30000) = 40.0;
  at(2, 0) = at(2, kCols) = 40.0;
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(run(logits, 2, 3, kCols, kVocab), (std::vector<std::int32_t>{kVocab - 1, 8191, 0}));
  }
}

TEST_P(ArgmaxTest, ExtremesAndSignedZeros) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(run(Values(60, -kInfinity), 2, 1, 30, 60), std::vector<std::int32_t>{0});
  Values logits(60, -1.0);
  logits[17] = -0.0;
  logits[40] = 0.0;
  EXPECT_EQ(run(logits, 2, 1, 30, 60), std::vector<std::int32_t>{17}) << "zeros are equal";
  logits[33] = kInfinity;
  EXPECT_EQ(run(logits, 2, 1, 30, 60), std::vector<std::int32_t>{33});
}

TEST_P(ArgmaxTest, NotANumberGivesAnIdOfTheVocabulary) {
  Values logits(2 * 40, std::nan(""));
  EXPECT_EQ(run(logits, 2, 1, 40, 70), std::vector<std::int32_t>{0});
  logits[39] = 1.0;
  const std::int32_t id = run(logits, 2, 1, 40, 70).front();
  EXPECT_GE(id, 0);
  EXPECT_LT(id, 70);
}

TEST_P(ArgmaxTest, OneColumn) {
  EXPECT_EQ(run({0.5, 0.75}, 1, 2, 1, 1), (std::vector<std::int32_t>{0, 0}));
}

TPSCALE_EACH_BACKEND(ArgmaxTest);

using GatherRowsTest = BackendTest;

TEST_P(GatherRowsTest, CopiesRowsInOrderAndTwice) {
  for (const std::int64_t cols : {1, 37, 64, 2304}) {
    const Values x = random_values(6 * cols, 1, dtype());
    const DeviceTensor in(backend(), dtype(), 6, cols, x, cols == 37 ? 40 : cols + 8);
    const std::vector<std::int32_t> rows = {5, 0, 0, 3};
    const DeviceArray<std::int32_t> device_rows(backend(), rows);
    const DeviceTensor out(backend(), dtype(), 4, cols);
    ops().gather_rows(out, in, device_rows.data());
    Values expected;
    for (const std::int32_t row : rows)
      expected.insert(expected.end(), x.begin() + row * cols, x.begin() + (row + 1) * cols);
    EXPECT_EQ(out.read(), expected) << cols << " columns";
  }
}

TPSCALE_EACH_BACKEND(GatherRowsTest);

}  // namespace
}  // namespace tpscale::testing
