#include <array>

#include "virtual_gpu/device_array.h"
#include "virtual_gpu/seeds.h"

namespace tpscale::virtual_gpu_test {
namespace {

/// Two copies into arrays of their own, and what may be wrong with the call.
class Batch : public testing::Test {
 protected:
  Batch() {
    attributes_.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
    EXPECT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess);
    to_ = {a_.data(), b_.data()};
    from_ = {ones_.data(), twos_.data()};
  }
  ~Batch() override { cudaStreamDestroy(stream_); }

  cudaError_t copy(cudaStream_t stream, std::size_t number = 1) {
    const std::array<std::size_t, 2> sizes{4 * sizeof(float), 4 * sizeof(float)};
    const cudaError_t error = cudaMemcpyBatchAsync(to_.data(), from_.data(), sizes.data(), 2, &attributes_,
                                                   firsts_.data(), number, stream);
    cudaStreamSynchronize(stream);
    return error;
  }

  cudaStream_t stream_ = nullptr;
  std::vector<float> ones_ = std::vector<float>(4, 1.0F), twos_ = std::vector<float>(4, 2.0F);
  DeviceArray<float> a_{4}, b_{4};
  std::array<void*, 2> to_{};
  std::array<const void*, 2> from_{};
  std::array<std::size_t, 2> firsts_{0, 0};
  cudaMemcpyAttributes attributes_{};
};

TEST_F(Batch, CopiesEveryPiece) {
  EXPECT_EQ(copy(stream_), cudaSuccess);
  EXPECT_EQ(a_.get(), ones_);
  EXPECT_EQ(b_.get(), twos_);
}

TEST_F(Batch, IsRefusedOnTheLegacyStreamAndWithoutAttributes) {
  EXPECT_EQ(copy(nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(copy(stream_, 0), cudaErrorInvalidValue);
  EXPECT_EQ(copy(stream_, 3), cudaErrorInvalidValue) << "more attributes than copies";
  firsts_[0] = 1;
  EXPECT_EQ(copy(stream_), cudaErrorInvalidValue) << "the first copy has no attributes";
  firsts_[0] = 0;
  attributes_.srcAccessOrder = cudaMemcpySrcAccessOrderInvalid;
  EXPECT_EQ(copy(stream_), cudaErrorInvalidValue);
}

/// The second copy reads what the first one writes: with one seed or another it comes first.
TEST_F(Batch, KeepsNoOrderWithinABatch) {
  from_[1] = a_.data();
  bool in_order = false, out_of_order = false;
  for (int i = 0; i < 64; ++i) {
    a_.put(twos_);
    ASSERT_EQ(copy(stream_), cudaSuccess);
    (b_.get() == ones_ ? in_order : out_of_order) = true;
  }
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(out_of_order);
}

}  // namespace
}  // namespace tpscale::virtual_gpu_test
