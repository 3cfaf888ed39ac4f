#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <thread>

#include "support/each_backend.h"

namespace tpscale::testing {
namespace {

constexpr std::int64_t kPieceBytes = 16 * 1100;  // more than a tile of the gathering kernel, and no multiple
constexpr std::int64_t kPlaces = 7;
const std::vector<std::int64_t> kChosen{5, 0, 3, 6};  // out of order

/// Pieces scattered over a pool of device memory whose bytes all differ from their neighbours.
class TransferTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped()) return;
    bytes_.resize(kPieceBytes * kPlaces);
    for (std::size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<std::byte>(i * 31 + i / 251);
    pool_ = backend().allocate(bytes_.size(), MemoryKind::kKvCache);
    for (const std::int64_t place : kChosen) offsets_.push_back(place * kPieceBytes);
    pieces_ = {pool_.as<std::byte>(), offsets_, kPieceBytes};
    transfer_ = backend().make_transfer(pieces_.bytes(), offsets_.size());
    fill_pool(bytes_);
  }

  void fill_pool(const std::vector<std::byte>& bytes) {
    backend().upload(pool_.data(), bytes.data(), bytes.size());
    backend().stream().synchronize();
  }
  std::vector<std::byte> pool() {
    std::vector<std::byte> bytes(bytes_.size());
    backend().download(bytes.data(), pool_.data(), bytes.size());
    return bytes;
  }
  /// What the host should hold: the chosen pieces one behind another.
  std::vector<std::byte> chosen() const {
    std::vector<std::byte> run;
    for (const std::int64_t offset : offsets_)
      run.insert(run.end(), bytes_.begin() + offset, bytes_.begin() + offset + kPieceBytes);
    return run;
  }
  void copy(CopyDirection direction, CopyWay way, std::byte* host) {
    transfer_->start(direction, way, pieces_, host);
    transfer_->wait();
  }

  std::vector<std::byte> bytes_;
  std::vector<std::int64_t> offsets_;
  Buffer pool_;
  PieceList pieces_;
  std::unique_ptr<Transfer> transfer_;
};

TEST_P(TransferTest, PiecesGoToTheHostAndBackInEveryWay) {
  for (const CopyWay way : kCopyWays) {
    ASSERT_EQ(transfer_->why_not(way), "") << to_string(way);
    for (const bool own_memory : {true, false}) {
      const auto host = own_memory ? backend().host_memory(pieces_.bytes())
                                   : std::make_shared<std::byte[]>(pieces_.bytes());
      copy(CopyDirection::kToHost, way, host.get());
      const auto run = chosen();
      EXPECT_EQ(std::memcmp(host.get(), run.data(), run.size()), 0) << to_string(way);

      fill_pool(std::vector<std::byte>(bytes_.size(), std::byte{0xAA}));
      copy(CopyDirection::kToDevice, way, host.get());
      std::vector<std::byte> expected(bytes_.size(), std::byte{0xAA});
      for (const std::int64_t offset : offsets_)
        std::copy_n(bytes_.begin() + offset, kPieceBytes, expected.begin() + offset);
      EXPECT_EQ(pool(), expected) << to_string(way) << ": only the chosen pieces are written";
      fill_pool(bytes_);
    }
  }
}

TEST_P(TransferTest, AnotherThreadMayCopyWhileThisOneComputes) {
  const auto host = backend().host_memory(pieces_.bytes());
  std::thread copier([&] {
    for (int i = 0; i < 3; ++i) {
      for (const CopyWay way : kCopyWays) copy(CopyDirection::kToHost, way, host.get());
    }
  });
  const Buffer other = backend().allocate(4096, MemoryKind::kActivations);
  std::vector<std::byte> there(4096, std::byte{7}), back(4096);
  for (int i = 0; i < 20; ++i) {
    backend().upload(other.data(), there.data(), there.size());
    backend().download(back.data(), other.data(), back.size());
  }
  copier.join();
  EXPECT_EQ(back, there);
  EXPECT_EQ(std::memcmp(host.get(), chosen().data(), pieces_.bytes()), 0);
}

TEST_P(TransferTest, ADevicesClockRunsWhereThereIsOne) {
  const auto host = backend().host_memory(pieces_.bytes());
  copy(CopyDirection::kToHost, CopyWay::kBatched, host.get());
  const auto seconds = transfer_->device_seconds();
  EXPECT_EQ(seconds.has_value(), !backend().memory_is_host());
  EXPECT_GE(seconds.value_or(0.0), 0.0);
}

TEST_P(TransferTest, MoreThanItWasMadeForIsRefused) {
  const auto host = backend().host_memory(pieces_.bytes() + kPieceBytes);
  offsets_.push_back(0);
  pieces_.offsets = offsets_;
  EXPECT_THROW(transfer_->start(CopyDirection::kToHost, CopyWay::kBatched, pieces_, host.get()),
               InternalError);
}

TPSCALE_EACH_BACKEND(TransferTest);

}  // namespace
}  // namespace tpscale::testing
