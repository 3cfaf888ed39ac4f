#include <gmock/gmock.h>

#include <numeric>

#include "virtual_gpu/bug_kernels.h"
#include "virtual_gpu/device_array.h"
#include "virtual_gpu/seeds.h"

// What the device must catch in kernels: each bug with its correct twin, over the same seeds.
namespace tpscale::virtual_gpu_test {
namespace {

using OneInput = void (*)(cudaStream_t, float*, const float*, Version);

std::vector<float> counted(std::size_t size) {
  std::vector<float> values(size);
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

/// Runs the kernel on 1, 2, 3, ... and compares what it wrote.
std::function<bool()> gives(OneInput kernel, Version version, std::size_t inputs,
                            std::vector<float> expected) {
  return [=] {
    DeviceArray<float> in(counted(inputs));
    DeviceArray<float> out(expected.size());
    kernel(nullptr, out.data(), in.data(), version);
    return out.get() == expected;
  };
}

void expect_kernel_caught(OneInput kernel, std::size_t inputs, const std::vector<float>& expected, int seeds,
                          int at_least, const std::string& sentence) {
  expect_caught(seeds, at_least, sentence, gives(kernel, Version::kWrong, inputs, expected),
                gives(kernel, Version::kRight, inputs, expected));
}

TEST(VirtualKernels, CatchAMissingBarrier) {
  std::vector<float> reversed = counted(256);
  std::reverse(reversed.begin(), reversed.end());
  expect_kernel_caught(reverse_through_shared, 256, reversed, 10, 10, "");
}

TEST(VirtualKernels, CatchAMissingWarpBarrier) {
  std::vector<float> rotated = counted(32);
  std::rotate(rotated.begin(), rotated.begin() + 1, rotated.end());
  expect_kernel_caught(rotate_in_warp, 32, rotated, 10, 10, "");
}

TEST(VirtualKernels, CatchAMissingStepOfAWarpSum) {
  expect_kernel_caught(sum_in_warps, 64, {528.0F, 1552.0F}, 2, 2, "");
}

TEST(VirtualKernels, CatchAMissingTrailingBarrierOfADoubleBuffer) {
  std::vector<float> expected;
  for (int step = 0; step < 8; ++step) {
    for (int i = 0; i < 64; ++i) expected.push_back(static_cast<float>(step * 64 + 64 - i));
  }
  expect_kernel_caught(pipeline_without_trailing_barrier, 512, expected, 10, 6, "");
}

TEST(VirtualKernels, CatchAnAsyncCopyNobodyWaitsFor) {
  expect_kernel_caught(async_copy_without_wait, 128, counted(128), 3, 3, "a cp.async in flight");
}

TEST(VirtualKernels, CatchABarrierInABranch) {
  expect_kernel_caught(barrier_in_a_branch, 64, counted(64), 3, 3, "a deadlock in");
}

TEST(VirtualKernels, CatchTheBarriersOfTwoBranches) {
  expect_kernel_caught(barriers_of_two_branches, 64, counted(64), 3, 3, "a divergent barrier");
}

TEST(VirtualKernels, CatchABarrierAfterAnExit) {
  expect_kernel_caught(barrier_after_an_exit, 64, counted(64), 3, 3, "1 have left the kernel");
}

TEST(VirtualKernels, CatchAShuffleInABranch) {
  std::vector<float> swapped = counted(32);
  for (std::size_t i = 0; i < 32; i += 2) std::swap(swapped[i], swapped[i + 1]);
  expect_kernel_caught(shuffle_in_a_branch, 32, swapped, 3, 3, "__shfl_xor_sync");
}

TEST(VirtualKernels, CatchARaceBetweenBlocks) {
  const auto last_block_wins = [](Version version, int expected) {
    return [=] {
      DeviceArray<int> out(std::vector<int>{0});
      sum_between_blocks(nullptr, out.data(), 16, version);
      return out.get().front() == expected;
    };
  };
  expect_caught(10, 7, "", last_block_wins(Version::kWrong, 15), last_block_wins(Version::kRight, 120));
}

TEST(VirtualKernels, CatchSharedMemoryReadBeforeItIsWritten) {
  const auto zero_plus_one = [](auto kernel, Version version) {
    return [=] {
      DeviceArray<float> out(64);
      kernel(nullptr, out.data(), version);
      return out.get() == std::vector<float>(64, 1.0F);
    };
  };
  expect_caught(5, 5, "", zero_plus_one(read_shared_unwritten, Version::kWrong),
                zero_plus_one(read_shared_unwritten, Version::kRight));
  expect_caught(5, 5, "", zero_plus_one(read_static_shared_unwritten, Version::kWrong),
                zero_plus_one(read_static_shared_unwritten, Version::kRight));
}

TEST(VirtualKernels, CatchDynamicSharedMemoryOutOfRange) {
  const auto ones = [](Version version) {
    return [=] {
      DeviceArray<float> out(32);
      dynamic_shared_out_of_range(nullptr, out.data(), version);
      return out.get() == std::vector<float>(32, 1.0F);
    };
  };
  expect_caught(2, 2, "use-after-poison", ones(Version::kWrong), ones(Version::kRight));
}

TEST(VirtualKernels, HaveTheWarpInstructions) {
  DeviceArray<int> out(32);
  count_intrinsics(nullptr, out.data());
  EXPECT_THAT(out.get(), testing::Each(15));
}

TEST(VirtualKernels, RepeatWithTheSameSeed) {
  const auto last_block = [] {
    DeviceArray<int> out(std::vector<int>{0});
    sum_between_blocks(nullptr, out.data(), 64, Version::kWrong);
    return out.get().front();
  };
  virtual_gpu::set_seed(7);
  const int first = last_block();
  virtual_gpu::set_seed(7);
  EXPECT_EQ(last_block(), first);
}

}  // namespace
}  // namespace tpscale::virtual_gpu_test
