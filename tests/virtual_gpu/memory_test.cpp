#include <cmath>
#include <cstring>

#include "virtual_gpu/bug_kernels.h"
#include "virtual_gpu/device_array.h"
#include "virtual_gpu/seeds.h"

namespace tpscale::virtual_gpu_test {
namespace {

bool copies(float* out, const float* in, int count) {
  copy_values(nullptr, out, in, count);
  return cudaDeviceSynchronize() == cudaSuccess;
}

TEST(VirtualMemory, CatchesTheHostInDeviceMemory) {
  const auto touch = [](bool on_host) {
    return [=] {
      DeviceArray<float> values(std::vector<float>(16, 2.0F));
      return (on_host ? values.data()[3] : values.get()[3]) == 2.0F;
    };
  };
  expect_caught(2, 2, "host code touched device memory", touch(true), touch(false));
}

TEST(VirtualMemory, CatchesAReadBeyondAnAllocation) {
  const auto copy = [](int count) {
    return [=] {
      DeviceArray<float> in(std::vector<float>(100, 1.0F));
      DeviceArray<float> out(128);
      return copies(out.data(), in.data(), count);
    };
  };
  expect_caught(2, 2, "use-after-poison", copy(101), copy(100));
}

TEST(VirtualMemory, CatchesUseAfterFree) {
  const auto copy = [](bool freed) {
    return [=] {
      DeviceArray<float> out(64);
      float* in = nullptr;
      cudaMalloc(reinterpret_cast<void**>(&in), 64 * sizeof(float));
      cudaMemset(in, 0, 64 * sizeof(float));
      if (freed) cudaFree(in);
      return copies(out.data(), in, 64);
    };
  };
  expect_caught(2, 2, "is not allocated device memory", copy(true), copy(false));
}

TEST(VirtualMemory, CatchesACopyFromFreedMemory) {
  const auto copy = [](bool freed) {
    return [=] {
      float* in = nullptr;
      float out[8];
      cudaMalloc(reinterpret_cast<void**>(&in), sizeof out);
      cudaMemset(in, 0, sizeof out);
      if (freed) cudaFree(in);
      return cudaMemcpy(out, in, sizeof out, cudaMemcpyDeviceToHost) == cudaSuccess && out[0] == 0.0F;
    };
  };
  expect_caught(2, 2, "not allocated", copy(true), copy(false));
}

TEST(VirtualMemory, CatchesACopyOutOfRange) {
  const auto copy = [](std::size_t bytes) {
    return [=] {
      DeviceArray<char> in(100);
      std::vector<char> out(200);
      return cudaMemcpy(out.data(), in.data(), bytes, cudaMemcpyDeviceToHost) == cudaSuccess;
    };
  };
  expect_caught(2, 2, "goes beyond its allocation of 100 bytes", copy(101), copy(100));
}

TEST(VirtualMemory, CatchesAHostPointerAsAnArgument) {
  const auto copy = [](bool host) {
    return [=] {
      DeviceArray<float> in(std::vector<float>(64, 1.0F));
      DeviceArray<float> out(64);
      std::vector<float> on_host(64);
      return copies(out.data(), host ? on_host.data() : in.data(), 64);
    };
  };
  expect_caught(2, 2, "pointer argument 2 of kernel", copy(true), copy(false));
}

TEST(VirtualMemory, IsNotANumberWhenFresh) {
  DeviceArray<float> values(64);
  for (float value : values.get()) EXPECT_TRUE(std::isnan(value));
}

TEST(VirtualMemory, EndsWhereItIsFull) {
  std::size_t available = 0;
  std::size_t total = 0;
  ASSERT_EQ(cudaMemGetInfo(&available, &total), cudaSuccess);
  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, total + 1), cudaErrorMemoryAllocation);
  EXPECT_EQ(pointer, nullptr);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&pointer, 1 << 20), cudaSuccess);
  std::size_t left = 0;
  ASSERT_EQ(cudaMemGetInfo(&left, &total), cudaSuccess);
  EXPECT_LE(left, available - (1 << 20));
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
  EXPECT_EQ(cudaFree(pointer), cudaErrorInvalidValue) << "a second free";
  EXPECT_EQ(cudaMemGetInfo(&left, &total), cudaSuccess);
  EXPECT_EQ(left, available);
}

TEST(VirtualMemory, RefusesACopyInTheWrongDirection) {
  DeviceArray<char> device(8);
  char host[8];
  EXPECT_EQ(cudaMemcpy(host, device.data(), 8, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  cudaGetLastError();
}

}  // namespace
}  // namespace tpscale::virtual_gpu_test
