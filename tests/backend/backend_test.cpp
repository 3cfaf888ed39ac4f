#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "support/each_backend.h"

namespace tpscale::testing {
namespace {

using AnyBackendTest = BackendTest;

TEST_P(AnyBackendTest, MemoryIsZeroedAlignedAndCounted) {
  MemoryTracker& memory = backend().memory();
  const std::size_t before = memory.use().total;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{100}, std::size_t{5} << 20}) {
    const Buffer buffer = backend().allocate(bytes, MemoryKind::kKvCache);
    EXPECT_EQ(buffer.bytes(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
    std::vector<unsigned char> host(bytes, 1);
    backend().download(host.data(), buffer.data(), bytes);
    EXPECT_EQ(host, std::vector<unsigned char>(bytes, 0));
    EXPECT_EQ(memory.use().total, before + bytes);
    EXPECT_GE(memory.use().by_kind[static_cast<std::size_t>(MemoryKind::kKvCache)], bytes);
  }
  EXPECT_EQ(memory.use().total, before);
  EXPECT_GE(memory.use().peak, before + (std::size_t{5} << 20));
  backend().reset_peak();
  EXPECT_EQ(memory.use().peak, before);
}

TEST_P(AnyBackendTest, UploadAndDownloadAreInverse) {
  std::vector<unsigned char> there(1001), back(1001);
  for (std::size_t i = 0; i < there.size(); ++i) there[i] = static_cast<unsigned char>(i * 7);
  const Buffer buffer = backend().allocate(there.size(), MemoryKind::kOther);
  backend().upload(buffer.data(), there.data(), there.size());
  backend().stream().synchronize();
  backend().download(back.data(), buffer.data(), back.size());
  EXPECT_EQ(there, back);
}

TEST_P(AnyBackendTest, WhatDoesNotFitIsPlannedNotTried) {
  const std::size_t before = backend().memory().use().total;
  try {
    backend().allocate(std::size_t{1} << 50, MemoryKind::kWeights);
    FAIL() << "a pebibyte fitted";
  } catch (const OutOfMemoryError& error) {
    EXPECT_EQ(error.requested_bytes(), std::size_t{1} << 50);
    EXPECT_LT(error.available_bytes(), std::size_t{1} << 50);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("weights"));
  }
  EXPECT_EQ(backend().memory().use().total, before);
}

TEST_P(AnyBackendTest, ACapturedStepRunsWhenLaunched) {
  if (backend().name() != "cpu") GTEST_SKIP() << "host work is not captured on a device";
  int runs = 0;
  const auto graph = backend().capture([&] { ++runs; });
  EXPECT_EQ(runs, 0);
  graph->launch();
  graph->launch();
  EXPECT_EQ(runs, 2);
}

TEST_P(AnyBackendTest, KnowsItsMemoryAndItself) {
  const DeviceMemory memory = backend().device_memory();
  EXPECT_GT(memory.used_bytes, 0U);
  EXPECT_GE(memory.peak_bytes, memory.used_bytes / 2);
  EXPECT_GT(memory.available_bytes, 0U);
  EXPECT_GE(memory.total_bytes, memory.available_bytes);
  EXPECT_FALSE(backend().device_name().empty());
  EXPECT_FALSE(backend().facts().empty());
}

TEST_P(AnyBackendTest, ProbesGivePlausibleRates) {
  DeviceProbe& probe = backend().probe();
  EXPECT_GT(probe.read_bandwidth(4 << 20, 0.005), 1e8);
  EXPECT_GT(probe.copy_bandwidth(4 << 20, 0.005), 1e8);
  EXPECT_GT(probe.multiply_add_peak(dtype(), 0.005), 1e8);
  EXPECT_GT(probe.gemm_rate(dtype(), 0.005), 1e8);
}

TPSCALE_EACH_BACKEND(AnyBackendTest);

TEST(BackendRegistry, HasTheCpuAndNamesWhatItHas) {
  ASSERT_TRUE(backend_registry().contains("cpu"));
  try {
    backend_registry().find("abacus");
    FAIL();
  } catch (const NotAvailableError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("'abacus' is not in this build; it has:"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("cpu"));
  }
}

TEST(CpuBackend, RefusesOptionsThatMakeNoSense) {
  const auto make = [](const BackendOptions& options) {
    return backend_registry().find("cpu").factory(options, DevicePlace{});
  };
  BackendOptions options;
  options.threads = -1;
  EXPECT_THROW(make(options), UsageError);
  options = {};
  options.linear = "sparse";
  EXPECT_THROW(make(options), UsageError);
  options = {};
  options.instruction_set = "mmx";
  EXPECT_THROW(make(options), UsageError);
}

TEST(CpuBackend, DividesTheCoresAmongTheRanksOfTheHost) {
  DevicePlace place;
  place.local_size = 100000;
  const auto backend = backend_registry().find("cpu").factory(BackendOptions{}, place);
  EXPECT_EQ(backend->facts().at("threads"), "1");
}

}  // namespace
}  // namespace tpscale::testing
