#include <cuda_runtime_api.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "support/virtual_gpu/faults.h"
#include "support/virtual_gpu/stand_in.h"
#include "virtual_gpu/bug_kernels.h"
#include "virtual_gpu/device_array.h"

namespace tpscale::virtual_gpu_test {
namespace {

TEST(VirtualDevice, SaysThatItIsVirtual) {
  cudaDeviceProp properties{};
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_STREQ(properties.name, "Virtual GPU");
  EXPECT_EQ(properties.major, 9);
  int shared = 0;
  ASSERT_EQ(cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), cudaSuccess);
  EXPECT_EQ(shared, 227 * 1024);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

TEST(VirtualDevice, FailsAtTheUseItIsToldTo) {
  virtual_gpu::set_faults("cudaMalloc:2:2,cudaStreamSynchronize:1:719");
  void* pointers[3] = {};
  EXPECT_EQ(cudaMalloc(&pointers[0], 64), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&pointers[1], 64), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(&pointers[2], 64), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
  virtual_gpu::set_faults("");
  EXPECT_EQ(cudaFree(pointers[0]), cudaSuccess);
  EXPECT_EQ(cudaFree(pointers[2]), cudaSuccess);
  cudaGetLastError();
}

/// The exit code of a process that does `body`, or -1 when it did not end within a second.
template <class Body>
int exit_code(Body&& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  for (int tries = 0; tries < 100; ++tries) {
    if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return -1;
}

TEST(VirtualDevice, StaysBrokenAfterAKernelFailed) {
  EXPECT_EQ(exit_code([] {
              virtual_gpu::set_faults("kernel:1:700");
              float* values = nullptr;
              if (cudaMalloc(reinterpret_cast<void**>(&values), 256) != cudaSuccess) return 1;
              add_value(nullptr, values, 1.0F, 8);
              if (cudaDeviceSynchronize() != cudaErrorIllegalAddress) return 2;
              return cudaMalloc(reinterpret_cast<void**>(&values), 256) == cudaErrorIllegalAddress ? 0 : 3;
            }),
            0);
}

TEST(VirtualDevice, HangsWhereItIsToldTo) {
  EXPECT_EQ(exit_code([] {
              virtual_gpu::set_faults("cudaDeviceSynchronize:1:hang");
              cudaDeviceSynchronize();
              return 0;
            }),
            -1);
  EXPECT_EQ(exit_code([] {
              virtual_gpu::set_faults("kernel:1:hang");
              float* values = nullptr;
              cudaMalloc(reinterpret_cast<void**>(&values), 256);
              add_value(nullptr, values, 1.0F, 8);
              for (int looks = 0; looks < 1000; ++looks) {  // a query still answers
                if (cudaStreamQuery(nullptr) != cudaErrorNotReady) return 1;
              }
              cudaStreamSynchronize(nullptr);
              return 0;
            }),
            -1);
}

TEST(VirtualDevice, RunsTheWorkOfStandInsInStreamOrder) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  DeviceArray<float> values(std::vector<float>(8, 1.0F));
  add_value(stream, values.data(), 1.0F, 8);
  float* data = values.data();
  virtual_gpu::enqueue(stream, "doubling", [data] {
    for (int i = 0; i < 8; ++i) data[i] *= 2.0F;
  });
  int looks_left = 3;
  virtual_gpu::enqueue_steps(stream, "a collective", [&] { return [&] { return --looks_left == 0; }; });
  add_value(stream, values.data(), 1.0F, 8);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(looks_left, 0);
  EXPECT_EQ(values.get().back(), 5.0F);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST(VirtualDevice, RefusesImpossibleLaunches) {
  DeviceArray<float> values(std::vector<float>(8, 1.0F));
  EXPECT_ANY_THROW(sum_between_blocks(nullptr, reinterpret_cast<int*>(values.data()), 0, Version::kRight));
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
}

}  // namespace
}  // namespace tpscale::virtual_gpu_test
