#include <gmock/gmock.h>

#include <thread>

#include "backend/cuda/nvml.h"
#include "backend/device_monitor.h"
#include "virtual_cuda.h"

namespace tpscale::testing {
namespace {

using CudaDeviceState = VirtualCudaTest;

TEST_F(CudaDeviceState, TellsClocksTemperaturePowerAndMemory) {
  const auto backend = make_cuda();
  const Buffer buffer = backend->allocate(std::size_t{8} << 20, MemoryKind::kWeights);
  const auto state = backend->device_state();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->clock_sm_hz, 1e9);
  EXPECT_EQ(state->clock_memory_hz, 2e9);
  EXPECT_EQ(state->temperature_c, 40.0);
  EXPECT_EQ(state->power_w, 100.0);
  EXPECT_EQ(state->throttle_reasons, "");
  EXPECT_GE(state->used_bytes, std::size_t{8} << 20);
  EXPECT_EQ(backend->facts().at("nvml"), "open");
}

TEST_F(CudaDeviceState, NamesWhatHoldsTheClocksDown) {
  const auto backend = make_cuda();
  virtual_gpu::set_faults("nvmlDeviceGetCurrentClocksThrottleReasons:1:68");
  EXPECT_EQ(backend->device_state()->throttle_reasons, "power_cap+hardware_thermal");
  EXPECT_EQ(cuda::throttle_reasons(1), "") << "an idle GPU is not held down";
}

TEST_F(CudaDeviceState, PeakFollowsTheAllocatorAndStartsAnew) {
  const auto backend = make_cuda();
  const std::size_t base = backend->device_memory().used_bytes;
  { const Buffer buffer = backend->allocate(std::size_t{16} << 20, MemoryKind::kKvCache); }
  const DeviceMemory after = backend->device_memory();
  EXPECT_EQ(after.used_bytes, base);
  EXPECT_GE(after.peak_bytes, base + (std::size_t{16} << 20));
  backend->reset_peak();
  EXPECT_LT(backend->device_memory().peak_bytes, base + (std::size_t{16} << 20));
}

TEST_F(CudaDeviceState, WithoutNvmlOnlyItsFiguresAreMissing) {
  virtual_gpu::set_faults("nvmlInit_v2:1:9");  // NVML_ERROR_DRIVER_NOT_LOADED
  const auto backend = make_cuda();
  EXPECT_FALSE(backend->device_state());
  EXPECT_GT(backend->device_memory().used_bytes, 0U);
  EXPECT_THAT(backend->facts().at("nvml"), ::testing::HasSubstr("not available"));
  DeviceMonitor monitor(*backend, std::chrono::milliseconds(1));
  EXPECT_TRUE(monitor.take().empty());
}

TEST_F(CudaDeviceState, TheMonitorSamplesUntilItGoes) {
  const auto backend = make_cuda();
  DeviceMonitor monitor(*backend, std::chrono::milliseconds(1));
  std::vector<DeviceSample> samples;
  while (samples.size() < 3) {
    for (DeviceSample& sample : monitor.take()) samples.push_back(std::move(sample));
    std::this_thread::yield();
  }
  EXPECT_LT(samples[0].time_s, samples[2].time_s);
  EXPECT_EQ(samples[2].state.power_w, 100.0);
}

}  // namespace
}  // namespace tpscale::testing
