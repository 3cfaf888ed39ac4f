#include <gmock/gmock.h>

#include "support/device_tensor.h"
#include "virtual_cuda.h"

namespace tpscale::testing {
namespace {

using ::testing::HasSubstr;
using CudaDeviceErrors = VirtualCudaTest;

TEST_F(CudaDeviceErrors, EveryWayToHaveNoGpuIsOneExitCode) {
  for (const char* code : {"34", "35", "100"}) {
    virtual_gpu::set_faults(std::string("cudaGetDeviceCount:1:") + code);
    EXPECT_FALSE(backend_registry().find("cuda").absence().empty()) << code;
    virtual_gpu::set_faults(std::string("cudaGetDeviceCount:1:") + code);
    const auto [exit, sentence] = error_of([] { make_cuda(); });
    EXPECT_EQ(exit, ExitCode::kNotAvailable) << code;
    EXPECT_THAT(sentence, HasSubstr("backend 'cuda' is not available: ")) << code;
  }
  virtual_gpu::set_faults("");
  EXPECT_EQ(backend_registry().find("cuda").absence(), "");
}

TEST_F(CudaDeviceErrors, ADeviceAnotherProcessHoldsIsNotAvailable) {
  virtual_gpu::set_faults("cudaSetDevice:1:46");  // cudaErrorDevicesUnavailable
  const auto [exit, sentence] = error_of([] { make_cuda(); });
  EXPECT_EQ(exit, ExitCode::kNotAvailable);
  EXPECT_THAT(sentence, HasSubstr("another process"));
}

TEST_F(CudaDeviceErrors, AnAllocationThatFailsSaysWhatForAndLeavesTheBackendUsable) {
  const auto backend = make_cuda();
  const std::size_t before = backend->memory().use().total;
  virtual_gpu::set_faults("cudaMalloc:1:2");
  try {
    backend->allocate(std::size_t{3} << 20, MemoryKind::kKvCache);
    FAIL() << "an allocation that failed was given out";
  } catch (const OutOfMemoryError& error) {
    EXPECT_EQ(error.requested_bytes(), std::size_t{3} << 20);
    EXPECT_GT(error.available_bytes(), 0U);
    EXPECT_THAT(error.what(), HasSubstr("3 MiB for kv_cache do not fit"));
  }
  EXPECT_EQ(backend->memory().use().total, before);
  EXPECT_EQ(backend->allocate(64, MemoryKind::kKvCache).bytes(), 64U);
}

TEST_F(CudaDeviceErrors, PinnedMemoryThatCannotBeHadSaysSo) {
  const auto backend = make_cuda();
  virtual_gpu::set_faults("cudaHostAlloc:1:2");
  const auto [exit, sentence] = error_of([&] { backend->host_memory(std::size_t{1} << 20); });
  EXPECT_EQ(exit, ExitCode::kNotAvailable);
  EXPECT_THAT(sentence, HasSubstr("ulimit -l"));
}

TEST_F(CudaDeviceErrors, AFailingLaunchAndAFailingProductAreErrorsOfTheCall) {
  const auto backend = make_cuda();
  const DeviceTensor x(*backend, Dtype::kF32, 100, 16, random_values(1600, 1, Dtype::kF32));
  const DeviceTensor out(*backend, Dtype::kF32, 100, 16);
  const DeviceArray<std::int32_t> rows(*backend, std::vector<std::int32_t>(100, 0));
  virtual_gpu::set_faults("cudaLaunchKernelExC:1:719");  // cudaErrorLaunchFailure
  EXPECT_THAT(error_of([&] { backend->ops().gather_rows(out, x, rows.data()); }).second,
              HasSubstr("a kernel launch failed"));
  virtual_gpu::set_faults("");
  const auto weights = backend->ops().make_linear(16, 16, Dtype::kF32, false);
  virtual_gpu::set_faults("cublasLtMatmul:1:13");  // CUBLAS_STATUS_EXECUTION_FAILED
  EXPECT_THAT(error_of([&] { backend->ops().linear(out, x, *weights, nullptr); }).second,
              HasSubstr("CUBLAS_STATUS_EXECUTION_FAILED"));
}

TEST_F(CudaDeviceErrors, AnErrorOfTheDeviceShowsWhereTheHostWaits) {
  const auto backend = make_cuda();
  virtual_gpu::set_faults("cudaStreamSynchronize:1:700");  // cudaErrorIllegalAddress
  EXPECT_THAT(error_of([&] { backend->stream().synchronize(); }).second,
              HasSubstr("waiting for the device failed"));
}

TEST_F(CudaDeviceErrors, RanksBeyondTheDevicesTakeThemInTurnAndSaySo) {
  DevicePlace place;
  place.local_rank = 3;
  place.local_size = 4;
  const auto shared = make_cuda(place);
  EXPECT_THAT(shared->facts().at("device_sharing"), HasSubstr("4 ranks take 1 visible devices in turn"));
  EXPECT_EQ(make_cuda()->facts().at("device_sharing"), "none");
  EXPECT_EQ(shared->device_id(), make_cuda()->device_id());
}

}  // namespace
}  // namespace tpscale::testing
