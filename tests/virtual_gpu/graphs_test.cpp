#include "virtual_gpu/bug_kernels.h"
#include "virtual_gpu/device_array.h"
#include "virtual_gpu/seeds.h"

namespace tpscale::virtual_gpu_test {
namespace {

class VirtualGraphs : public testing::Test {
 protected:
  VirtualGraphs() {
    cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking);
    cudaStreamCreateWithFlags(&other_, cudaStreamNonBlocking);
    cudaEventCreateWithFlags(&fork_, cudaEventDisableTiming);
    cudaEventCreateWithFlags(&join_, cudaEventDisableTiming);
  }
  ~VirtualGraphs() override {
    cudaEventDestroy(fork_);
    cudaEventDestroy(join_);
    cudaStreamDestroy(other_);
    cudaStreamDestroy(stream_);
    cudaGetLastError();
  }
  void begin() { ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), cudaSuccess); }
  /// What ending the capture returns; a graph that came of it runs `launches` times.
  cudaError_t end_and_launch(int launches) {
    cudaGraph_t graph = nullptr;
    const cudaError_t error = cudaStreamEndCapture(stream_, &graph);
    EXPECT_EQ(graph == nullptr, error != cudaSuccess);
    if (graph == nullptr) return error;
    cudaGraphExec_t exec = nullptr;
    EXPECT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
    for (int i = 0; i < launches; ++i) EXPECT_EQ(cudaGraphLaunch(exec, stream_), cudaSuccess);
    EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    return error;
  }

  cudaStream_t stream_ = nullptr;
  cudaStream_t other_ = nullptr;
  cudaEvent_t fork_ = nullptr;
  cudaEvent_t join_ = nullptr;
};

TEST_F(VirtualGraphs, RecordWithoutRunningAndReplayWithTheValuesOfTheCapture) {
  DeviceArray<float> values(std::vector<float>(8, 0.0F));
  DeviceArray<float> step(std::vector<float>{1.0F});
  begin();
  float by_value = 10.0F;
  add_value(stream_, values.data(), by_value, 8);
  add_value_from_memory(stream_, values.data(), step.data(), 8);
  by_value = 1000.0F;
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  EXPECT_EQ(values.get().front(), 0.0F) << "captured work does not run";
  std::size_t nodes = 0;
  ASSERT_EQ(cudaGraphGetNodes(graph, nullptr, &nodes), cudaSuccess);
  EXPECT_EQ(nodes, 2U);
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(exec, stream_), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(values.get().front(), 11.0F);
  step.put({2.0F});
  ASSERT_EQ(cudaGraphLaunch(exec, stream_), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(values.get().front(), 23.0F) << "10 by value as captured, 2 from memory as it is now";
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

TEST_F(VirtualGraphs, RefuseWhatCudaForbidsDuringACapture) {
  using Call = std::pair<const char*, std::function<cudaError_t()>>;
  void* pointer = nullptr;
  const std::vector<Call> forbidden = {
      {"cudaMalloc", [&] { return cudaMalloc(&pointer, 64); }},
      {"cudaFree", [&] { return cudaFree(nullptr); }},
      {"cudaMallocHost", [&] { return cudaMallocHost(&pointer, 64); }},
      {"cudaDeviceSynchronize", [] { return cudaDeviceSynchronize(); }},
      {"cudaStreamSynchronize", [&] { return cudaStreamSynchronize(stream_); }},
      {"cudaStreamQuery", [&] { return cudaStreamQuery(stream_); }},
  };
  for (const auto& [name, call] : forbidden) {
    begin();
    EXPECT_EQ(call(), cudaErrorStreamCaptureUnsupported) << name;
    EXPECT_EQ(end_and_launch(1), cudaErrorStreamCaptureInvalidated) << name;
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess) << "the stream is usable again after " << name;
  }
}

TEST_F(VirtualGraphs, LetARelaxedThreadAllocate) {
  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  auto mode = cudaStreamCaptureModeRelaxed;
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
  EXPECT_EQ(mode, cudaStreamCaptureModeGlobal);
  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, 64), cudaSuccess);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
  EXPECT_EQ(end_and_launch(0), cudaSuccess);
}

TEST_F(VirtualGraphs, ForkAndJoinByEvents) {
  for (int seed = 1; seed <= 10; ++seed) {
    virtual_gpu::set_seed(static_cast<std::uint64_t>(seed));
    DeviceArray<float> values(std::vector<float>(8, 1.0F));
    DeviceArray<float> copy(std::vector<float>(8, 0.0F));
    begin();
    add_value(stream_, values.data(), 1.0F, 8);
    cudaEventRecord(fork_, stream_);
    cudaStreamWaitEvent(other_, fork_, 0);
    copy_values(other_, copy.data(), values.data(), 8);
    cudaEventRecord(join_, other_);
    cudaStreamWaitEvent(stream_, join_, 0);
    add_value(stream_, values.data(), 1.0F, 8);
    ASSERT_EQ(end_and_launch(2), cudaSuccess);
    EXPECT_EQ(copy.get().front(), 4.0F) << "seed " << seed;
    EXPECT_EQ(values.get().front(), 5.0F);
  }
}

TEST_F(VirtualGraphs, RefuseAForkThatIsNotJoined) {
  DeviceArray<float> values(std::vector<float>(8, 1.0F));
  begin();
  cudaEventRecord(fork_, stream_);
  cudaStreamWaitEvent(other_, fork_, 0);
  add_value(other_, values.data(), 1.0F, 8);
  EXPECT_EQ(end_and_launch(1), cudaErrorStreamCaptureUnjoined);
}

TEST_F(VirtualGraphs, RefuseWorkOutsideOfTheCapture) {
  ASSERT_EQ(cudaEventRecord(fork_, other_), cudaSuccess);
  begin();
  EXPECT_EQ(cudaStreamWaitEvent(stream_, fork_, 0), cudaErrorStreamCaptureIsolation);
  EXPECT_EQ(end_and_launch(1), cudaErrorStreamCaptureInvalidated);
  begin();
  ASSERT_EQ(cudaEventRecord(fork_, stream_), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(fork_), cudaErrorCapturedEvent);
  EXPECT_EQ(end_and_launch(1), cudaErrorStreamCaptureInvalidated);
}

TEST_F(VirtualGraphs, RefuseToEndWhatNobodyBegan) {
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorIllegalState);
  EXPECT_EQ(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeRelaxed), cudaErrorStreamCaptureUnsupported);
}

}  // namespace
}  // namespace tpscale::virtual_gpu_test
