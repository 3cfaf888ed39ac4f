#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "bench/store/content_hash.h"
#include "bench/store/point_reader.h"
#include "bench/store/point_writer.h"
#include "core/error.h"
#include "example_point.h"
#include "support/figures.h"

// HDF5 forgets some memory of its own when it refuses a file; LeakSanitizer asks for this by name.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libhdf5\n";
}  // NOLINT

namespace tpscale {
namespace {

/// Reads a damaged file: refused with a sentence, or - where the damage hit no value - read right.
class DamagedPoint : public testing::Test {
 protected:
  void expect_refused_or_right(const Bytes& bytes, const std::string& how) {
    try {
      EXPECT_EQ(content_hash(read_point(bytes, "point.h5")), hash_) << how;
      ++right_;
    } catch (const BadDataError& error) {
      EXPECT_EQ(std::string(error.what()).rfind("point.h5 ", 0), 0u) << error.what();
      ++refused_;
    }
  }

  std::string told() const {
    return std::to_string(refused_ + right_) + " mutants: " + std::to_string(refused_) + " refused, " +
           std::to_string(right_) + " read right";
  }

  const Point point_ = example_point(4);
  const std::string hash_ = content_hash(point_);
  const Bytes good_ = write_point(point_);
  std::mt19937 random_{20260131};
  int right_ = 0, refused_ = 0;
};

TEST_F(DamagedPoint, GoodOneIsRead) {
  expect_refused_or_right(good_, "nothing");
  EXPECT_EQ(right_, 1);
}

TEST_F(DamagedPoint, FlippedBits) {
  const test::Figure figure("damaged results", "C++ reader, flipped bits");
  for (int i = 0; i < 1200; ++i) {
    Bytes bytes = good_;
    const std::size_t at = random_() % bytes.size();
    bytes[at] ^= static_cast<std::byte>(1u << random_() % 8);
    expect_refused_or_right(bytes, "bit at byte " + std::to_string(at));
  }
  EXPECT_GT(refused_, 600);
  figure.reached(told());
}

TEST_F(DamagedPoint, OverwrittenStretches) {
  const test::Figure figure("damaged results", "C++ reader, overwritten");
  for (int i = 0; i < 800; ++i) {
    Bytes bytes = good_;
    const std::size_t at = random_() % bytes.size();
    const std::size_t length = std::min<std::size_t>(1 + random_() % 64, bytes.size() - at);
    const auto value = static_cast<std::byte>(i % 3 == 0 ? 0u : i % 3 == 1 ? 0xFFu : random_() % 256);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, value);
    expect_refused_or_right(bytes, std::to_string(length) + " bytes at " + std::to_string(at));
  }
  EXPECT_GT(refused_, 500);
  figure.reached(told());
}

TEST_F(DamagedPoint, TruncatedAnywhereIsRefused) {
  const test::Figure figure("damaged results", "C++ reader, cut off");
  for (std::size_t size = 0; size < good_.size(); size += test::runs_whole() ? 1 : 37) {
    expect_refused_or_right({good_.begin(), good_.begin() + static_cast<std::ptrdiff_t>(size)},
                            "cut to " + std::to_string(size));
  }
  EXPECT_EQ(right_, 0);
  figure.reached(told());
}

TEST_F(DamagedPoint, EveryByteOfTheSuperblock) {
  for (std::size_t at = 0; at < 48; ++at) {
    for (const unsigned mask : {0x01u, 0x80u, 0xFFu}) {
      Bytes bytes = good_;
      bytes[at] ^= static_cast<std::byte>(mask);
      expect_refused_or_right(bytes, "superblock byte " + std::to_string(at));
    }
  }
}

TEST_F(DamagedPoint, ZeroAndOnesThatFletcher32TakesForTheSameAreSeen) {
  // 0.125 + 4 has zero words in its mantissa: the checksum of the chunk cannot tell them from words of ones.
  const std::byte value[] = {std::byte{0}, std::byte{0},    std::byte{0},    std::byte{0},
                             std::byte{0}, std::byte{0x80}, std::byte{0x10}, std::byte{0x40}};
  const auto at = std::search(good_.begin(), good_.end(), std::begin(value), std::end(value));
  ASSERT_NE(at, good_.end());
  const std::ptrdiff_t offset = at - good_.begin();
  Bytes bytes = good_;
  bytes[static_cast<std::size_t>(offset)] = bytes[static_cast<std::size_t>(offset) + 1] = std::byte{0xFF};
  expect_refused_or_right(bytes, "zeros became ones");
  EXPECT_EQ(refused_, 1);
}

TEST_F(DamagedPoint, ResultsFileIsNoPoint) {
  EXPECT_THROW(read_point(Bytes(100, std::byte{7}), "noise.h5"), BadDataError);
  EXPECT_THROW(read_point({}, "empty.h5"), BadDataError);
}

}  // namespace
}  // namespace tpscale
