#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "support/device_tensor.h"
#include "virtual_cuda.h"

namespace tpscale::testing {
namespace {

using CudaCopies = VirtualCudaTest;

/// More bytes than the ring of staging memory holds, in pieces that do not divide it, from memory that is
/// written again at once.
TEST_F(CudaCopies, TheHostsMemoryIsFreeAgainWhenUploadReturns) {
  constexpr std::size_t kPiece = 700'001, kPieces = 60;
  const auto backend = make_cuda();
  const Buffer buffer = backend->allocate(kPiece * kPieces, MemoryKind::kOther);
  std::vector<unsigned char> piece(kPiece);
  for (std::size_t p = 0; p < kPieces; ++p) {
    for (std::size_t i = 0; i < kPiece; i += 1000) piece[i] = static_cast<unsigned char>(p + i / 1000);
    backend->upload(buffer.as<std::byte>() + p * kPiece, piece.data(), kPiece);
    std::fill(piece.begin(), piece.end(), static_cast<unsigned char>(0xEE));
  }
  std::vector<unsigned char> all(kPiece * kPieces);
  backend->download(all.data(), buffer.data(), all.size());
  for (std::size_t p = 0; p < kPieces; ++p) {
    for (std::size_t i = 0; i < kPiece; i += 1000)
      ASSERT_EQ(all[p * kPiece + i], static_cast<unsigned char>(p + i / 1000)) << p << ", " << i;
  }
}

TEST_F(CudaCopies, PinnedMemoryIsCopiedToDirectlyAndOutlivesItsBackend) {
  std::shared_ptr<std::byte[]> pinned;
  {
    const auto backend = make_cuda();
    const DeviceArray<std::int32_t> array(*backend, {1, 2, 3, 4});
    pinned = backend->host_memory(16);
    backend->download(pinned.get(), array.data(), 16);
  }
  std::int32_t third = 0;
  std::memcpy(&third, pinned.get() + 8, 4);
  EXPECT_EQ(third, 3);
}

TEST_F(CudaCopies, AFetchArrivesWhileTheHostGoesOn) {
  const auto backend = make_cuda();
  const DeviceArray<std::int32_t> array(*backend, {1, 2, 3, 4});
  const auto fetch = backend->make_fetch(16);
  fetch->start(array.data(), 16);
  const std::vector<std::int32_t> later{9, 9, 9, 9};
  backend->upload(array.data(), later.data(), 16);
  fetch->wait();
  EXPECT_TRUE(fetch->ready());
  EXPECT_EQ(static_cast<const std::int32_t*>(fetch->data())[1], 2);
  EXPECT_THROW(fetch->start(array.data(), 17), InternalError);
}

TEST_F(CudaCopies, WeightsLargerThanTheStagingMemoryArriveWhole) {
  constexpr std::int64_t kOuts = 6000, kIns = 1001;  // more than all of its segments
  const auto backend = make_cuda();
  const auto weights = backend->ops().make_linear(kOuts, kIns, Dtype::kF32, true);
  std::vector<float> rows(static_cast<std::size_t>(kOuts * kIns));
  std::iota(rows.begin(), rows.end(), 0.0F);
  weights->write_rows(0, ConstTensorView(rows.data(), Dtype::kF32, kOuts, kIns));
  const DeviceArray<std::int32_t> ids(*backend, {0, 1500, 5999});
  const DeviceTensor out(*backend, Dtype::kF32, 3, kIns);
  backend->ops().embedding(out, *weights, ids.data(), 0);
  const auto values = out.read();
  EXPECT_EQ(values[1], 1.0);
  EXPECT_EQ(values[kIns], 1500.0 * kIns);
  EXPECT_EQ(values.back(), static_cast<double>(rows.back()));
}

}  // namespace
}  // namespace tpscale::testing
