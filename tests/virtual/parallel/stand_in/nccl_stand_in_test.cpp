// The stand-in itself, by the library's own calls: what it refuses and what it reports.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <nccl.h>

#include <array>
#include <thread>
#include <vector>

#include "parallel/world.h"
#include "support/virtual_gpu/faults.h"
#include "the_world.h"

namespace tpscale {
namespace {

using test::the_world;
using testing::HasSubstr;

class Nccl : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudaSetDevice(rank()), cudaSuccess);
    ASSERT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess);
    ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&data_), kCount * sizeof(float)), cudaSuccess);
    std::vector<float> ones(kCount, 1.0F);
    ASSERT_EQ(cudaMemcpy(data_, ones.data(), kCount * sizeof(float), cudaMemcpyHostToDevice), cudaSuccess);
  }
  void TearDown() override {
    virtual_gpu::set_faults("");
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    if (comm_ != nullptr) ncclCommAbort(comm_);
    cudaFree(data_);
    cudaStreamDestroy(stream_);
    the_world().barrier();
  }

  int rank() const { return the_world().rank(); }
  int size() const { return the_world().size(); }

  ncclUniqueId the_id() {
    ncclUniqueId id{};
    if (rank() == 0) {
      EXPECT_EQ(ncclGetUniqueId(&id), ncclSuccess);
    }
    std::vector<ncclUniqueId> all(static_cast<std::size_t>(size()));
    the_world().all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&id, 1)));
    return all.front();
  }
  ncclResult_t begin_init() {
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    return ncclCommInitRankConfig(&comm_, size(), the_id(), rank(), &config);
  }
  ncclResult_t settled() {
    ncclResult_t state = ncclInProgress;
    while (state == ncclInProgress) {
      if (const ncclResult_t result = ncclCommGetAsyncError(comm_, &state); result != ncclSuccess)
        return result;
      std::this_thread::yield();
    }
    return state;
  }
  void connect() {
    begin_init();
    ASSERT_EQ(settled(), ncclSuccess);
  }
  ncclResult_t all_reduce(std::size_t count) {
    return ncclAllReduce(data_, data_, count, ncclFloat32, ncclSum, comm_, stream_);
  }
  /// Until the error is there: the device works only while somebody asks for it.
  ncclResult_t error_while_asking() {
    ncclResult_t state = ncclSuccess;
    while (state == ncclSuccess) {
      cudaStreamQuery(stream_);
      EXPECT_EQ(ncclCommGetAsyncError(comm_, &state), ncclSuccess);
    }
    return state;
  }
  void abort() { EXPECT_EQ(ncclCommAbort(std::exchange(comm_, nullptr)), ncclSuccess); }

  static constexpr std::size_t kCount = 1000;
  ncclComm_t comm_ = nullptr;
  cudaStream_t stream_ = nullptr;
  float* data_ = nullptr;
};

TEST_F(Nccl, SaysInProgressAndTakesNoCallBeforeThatHasEnded) {
  EXPECT_EQ(begin_init(), ncclInProgress);
  EXPECT_EQ(all_reduce(1), ncclInvalidArgument);
  EXPECT_EQ(settled(), ncclSuccess);
  EXPECT_EQ(all_reduce(kCount), ncclInProgress);  // it connects
  EXPECT_EQ(all_reduce(kCount), ncclInvalidArgument);
  EXPECT_EQ(settled(), ncclSuccess);
  EXPECT_EQ(all_reduce(kCount), ncclSuccess);
  std::vector<float> values(kCount);
  EXPECT_EQ(cudaMemcpyAsync(values.data(), data_, kCount * sizeof(float), cudaMemcpyDeviceToHost, stream_),
            cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_THAT(values, testing::Each(static_cast<float>(size() * size())));
  EXPECT_EQ(ncclCommFinalize(comm_), ncclInProgress);
  EXPECT_EQ(settled(), ncclSuccess);
  EXPECT_EQ(ncclCommDestroy(std::exchange(comm_, nullptr)), ncclSuccess);
}

TEST_F(Nccl, RefusesTwoRanksOnADevice) {
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  begin_init();
  EXPECT_EQ(settled(), ncclInvalidUsage);
  EXPECT_THAT(ncclGetLastError(comm_), HasSubstr("duplicate GPU"));
}

TEST_F(Nccl, ReportsRanksThatDisagree) {
  connect();
  all_reduce(rank() == 0 ? 100 : 101);
  settled();
  EXPECT_EQ(error_while_asking(), ncclInvalidUsage);
  EXPECT_THAT(ncclGetLastError(comm_), HasSubstr("AllReduce of 101 elements"));
  abort();
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);  // an abort lets it end
}

TEST_F(Nccl, AnAbortEndsWhatWaits) {
  connect();
  if (rank() != 0) {  // rank 0 never comes
    all_reduce(10);
    settled();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
    std::thread elsewhere([this] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      abort();
    });
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    elsewhere.join();
  }
}

TEST_F(Nccl, AnErrorMayComeLater) {
  connect();
  virtual_gpu::set_faults("ncclAllReduce.async:1:6");
  all_reduce(10);
  settled();
  EXPECT_EQ(error_while_asking(), ncclRemoteError);
  EXPECT_EQ(all_reduce(10), ncclRemoteError);
  abort();
}

TEST_F(Nccl, CallsFailWhenTold) {
  virtual_gpu::set_faults("ncclCommInitRankConfig:1:3");
  EXPECT_EQ(begin_init(), ncclInternalError);
  EXPECT_EQ(comm_, nullptr);
}

TEST_F(Nccl, WindowsAreOfOneSize) {
  connect();
  void* memory = nullptr;
  ASSERT_EQ(ncclMemAlloc(&memory, 100), ncclSuccess);
  ncclWindow_t window = nullptr;
  EXPECT_EQ(
      ncclCommWindowRegister(comm_, memory, rank() == 0 ? 4096 : 8192, &window, NCCL_WIN_COLL_SYMMETRIC),
      ncclInProgress);
  EXPECT_EQ(settled(), ncclInvalidArgument);
  EXPECT_EQ(window, nullptr);
  abort();
  EXPECT_EQ(ncclMemFree(memory), ncclSuccess);
}

/// Ranks may also be threads of one process, a device each.
TEST(NcclThreads, MeetInOneProcess) {
  if (the_world().rank() != 0) GTEST_SKIP() << "one process is enough";
  constexpr int kRanks = 3;
  ncclUniqueId id{};
  ASSERT_EQ(ncclGetUniqueId(&id), ncclSuccess);
  std::array<float, kRanks> sums{};
  const auto run = [&](int rank) {
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    ncclComm_t comm = nullptr;
    cudaStream_t stream = nullptr;
    float* data = nullptr;
    float value = static_cast<float>(rank);
    cudaSetDevice(rank);
    cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    cudaMalloc(reinterpret_cast<void**>(&data), sizeof(float));
    EXPECT_EQ(ncclCommInitRankConfig(&comm, kRanks, id, rank, &config), ncclSuccess);
    for (int i = 0; i < 50; ++i) {
      cudaMemcpyAsync(data, &value, sizeof(float), cudaMemcpyHostToDevice, stream);
      EXPECT_EQ(ncclAllReduce(data, data, 1, ncclFloat32, ncclSum, comm, stream), ncclSuccess);
    }
    cudaMemcpyAsync(&sums[static_cast<std::size_t>(rank)], data, sizeof(float), cudaMemcpyDeviceToHost,
                    stream);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    EXPECT_EQ(ncclCommFinalize(comm), ncclSuccess);
    EXPECT_EQ(ncclCommDestroy(comm), ncclSuccess);
    cudaFree(data);
    cudaStreamDestroy(stream);
  };
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < kRanks; ++rank) threads.emplace_back(run, rank);
  }
  EXPECT_THAT(sums, testing::Each(3.0F));
}

}  // namespace
}  // namespace tpscale
