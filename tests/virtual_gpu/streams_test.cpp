#include <cstring>

#include "virtual_gpu/bug_kernels.h"
#include "virtual_gpu/device_array.h"
#include "virtual_gpu/seeds.h"

namespace tpscale::virtual_gpu_test {
namespace {

class Stream {
 public:
  Stream() { EXPECT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

class PinnedFloats {
 public:
  explicit PinnedFloats(std::size_t size) {
    EXPECT_EQ(cudaMallocHost(reinterpret_cast<void**>(&data_), size * sizeof(float)), cudaSuccess);
  }
  ~PinnedFloats() { cudaFreeHost(data_); }
  PinnedFloats(const PinnedFloats&) = delete;
  PinnedFloats& operator=(const PinnedFloats&) = delete;
  float* data() { return data_; }

 private:
  float* data_ = nullptr;
};

TEST(VirtualStreams, CatchAMissingSynchronisation) {
  const auto download = [](bool synchronise) {
    return [=] {
      const Stream stream;
      DeviceArray<float> values(std::vector<float>(8, 1.0F));
      PinnedFloats host(8);
      std::memset(host.data(), 0, 8 * sizeof(float));
      add_value(stream, values.data(), 2.0F, 8);
      cudaMemcpyAsync(host.data(), values.data(), 8 * sizeof(float), cudaMemcpyDeviceToHost, stream);
      if (synchronise) cudaStreamSynchronize(stream);
      const bool right = host.data()[5] == 3.0F;
      cudaStreamSynchronize(stream);
      return right;
    };
  };
  expect_caught(10, 8, "", download(false), download(true));
}

TEST(VirtualStreams, CatchAMissingEvent) {
  const auto two_streams = [](bool wait) {
    return [=] {
      const Stream first;
      const Stream second;
      DeviceArray<float> values(std::vector<float>(8, 1.0F));
      DeviceArray<float> out(std::vector<float>(8, 0.0F));
      cudaDeviceSynchronize();
      cudaEvent_t event = nullptr;
      cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
      add_value(first, values.data(), 2.0F, 8);
      cudaEventRecord(event, first);
      if (wait) cudaStreamWaitEvent(second, event, 0);
      copy_values(second, out.data(), values.data(), 8);
      cudaStreamSynchronize(second);
      cudaDeviceSynchronize();
      const bool right = out.get()[3] == 3.0F;
      cudaEventDestroy(event);
      return right;
    };
  };
  expect_caught(20, 8, "", two_streams(false), two_streams(true));
}

TEST(VirtualStreams, CatchASourceChangedBeforeTheCopyRan) {
  const auto upload = [](bool synchronise) {
    return [=] {
      const Stream stream;
      DeviceArray<float> values(1);
      PinnedFloats host(1);
      *host.data() = 1.0F;
      cudaMemcpyAsync(values.data(), host.data(), sizeof(float), cudaMemcpyHostToDevice, stream);
      if (synchronise) cudaStreamSynchronize(stream);
      *host.data() = 2.0F;
      cudaStreamSynchronize(stream);
      return values.get().front() == 1.0F;
    };
  };
  expect_caught(10, 8, "", upload(false), upload(true));
}

TEST(VirtualStreams, StagePageableMemoryAtTheCall) {
  const Stream stream;
  DeviceArray<float> values(1);
  float host = 1.0F;
  ASSERT_EQ(cudaMemcpyAsync(values.data(), &host, sizeof host, cudaMemcpyHostToDevice, stream), cudaSuccess);
  host = 2.0F;
  float back = 0.0F;
  ASSERT_EQ(cudaMemcpyAsync(&back, values.data(), sizeof back, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  EXPECT_EQ(back, 1.0F) << "a copy to pageable memory returns when it is done";
}

TEST(VirtualStreams, EndAPollingLoop) {
  const Stream stream;
  DeviceArray<float> values(std::vector<float>(8, 0.0F));
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDefault), cudaSuccess);
  for (int i = 0; i < 20; ++i) add_value(stream, values.data(), 1.0F, 8);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  int looks = 0;
  while (cudaEventQuery(event) == cudaErrorNotReady) ++looks;
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  EXPECT_GT(looks, 0);
  EXPECT_EQ(values.get().front(), 20.0F);
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
}

TEST(VirtualStreams, TimeEvents) {
  cudaEvent_t start = nullptr;
  cudaEvent_t end = nullptr;
  ASSERT_EQ(cudaEventCreate(&start), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&end), cudaSuccess);
  const Stream stream;
  float milliseconds = -1.0F;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, end), cudaErrorInvalidResourceHandle)
      << "never recorded";
  ASSERT_EQ(cudaEventRecord(start, stream), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(end, stream), cudaSuccess);
  ASSERT_EQ(cudaEventSynchronize(end), cudaSuccess);
  ASSERT_EQ(cudaEventElapsedTime(&milliseconds, start, end), cudaSuccess);
  EXPECT_GE(milliseconds, 0.0F);
  EXPECT_EQ(cudaEventDestroy(start), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(end), cudaSuccess);
  cudaGetLastError();
}

}  // namespace
}  // namespace tpscale::virtual_gpu_test
