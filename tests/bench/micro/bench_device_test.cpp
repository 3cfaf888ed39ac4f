#include "bench/micro/bench_device.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.h"
#include "parallel/world/single_world.h"

namespace tpscale {
namespace {

MicroOptions with_threads(std::vector<std::int64_t> threads) {
  MicroOptions options;
  options.backend = "cpu";
  options.threads = std::move(threads);
  options.probe_seconds = 1e-4;
  return options;
}

TEST(BenchDevices, TheProcessIsPlacedForTheThreadsOfTheDeviceWhoseTurnItIs) {
  SingleWorld world;
  const int all = world.place(0, true);
  BenchDevices devices(world, with_threads({1, all, all + 1}));
  const auto cores = [&] { return static_cast<int>(world.places().front().cores.size()); };

  BenchDevice& one = devices.get({1, "packed"});
  EXPECT_EQ(cores(), 1);
  EXPECT_FALSE(world.oversubscribed());
  devices.get({all, "packed"});
  EXPECT_EQ(cores(), all);
  EXPECT_FALSE(world.oversubscribed());
  devices.get({all + 1, "packed"});
  EXPECT_GE(cores(), all);
  EXPECT_TRUE(world.oversubscribed());
  EXPECT_EQ(&devices.get({1, "packed"}), &one);
  EXPECT_EQ(cores(), 1);
  EXPECT_FALSE(world.oversubscribed());
  EXPECT_EQ(devices.get({all, "packed"}).backend().facts().at("threads"), std::to_string(all));
}

TEST(BenchDevices, AreStillTheSameWhereThreadsDoNotChange) {
  SingleWorld world;
  BenchDevices devices(world, with_threads({1}));
  const Backend* backend = &devices.get({1, "packed"}).backend();
  const BenchDevice* other = nullptr;
  try {
    other = &devices.get({1, "onednn"});
  } catch (const NotAvailableError&) {
    GTEST_SKIP() << "a build without oneDNN has one kind of linear layer";
  }
  EXPECT_EQ(&devices.current(), other);
  EXPECT_EQ(&devices.get({1, "packed"}).backend(), backend);
}

TEST(BenchDevice, ItsShareOfReadingIsThatOfTheWorkingSetNotOfTheTraffic) {
  SingleWorld world;
  BenchDevices devices(world, with_threads({1}));
  BenchDevice& device = devices.current();
  constexpr double kSet = 1 << 21;
  EXPECT_EQ(device.bytes_moved(4 * kSet, kSet).at(0).working_set, kSet);
  const double once = device.bytes_moved(kSet, kSet).at(1).amount;
  // the peak of a set is probed once, so four times the traffic over it is four times the share
  EXPECT_DOUBLE_EQ(device.bytes_moved(4 * kSet, kSet).at(1).amount, 4 * once);
}

TEST(FillRandom, WritesEveryByte) {
  SingleWorld world;
  BenchDevices devices(world, with_threads({1}));
  Backend& backend = devices.current().backend();
  constexpr std::size_t kBytes = (std::size_t{3} << 20) + 5;
  const Buffer buffer = backend.allocate(kBytes + 8, MemoryKind::kOther);
  fill_random(backend, buffer.data(), kBytes, 1);
  std::vector<unsigned char> bytes(kBytes + 8);
  backend.download(bytes.data(), buffer.data(), bytes.size());
  for (std::size_t at = 0; at + 16 <= kBytes; at += 4096) {
    bool written = false;
    for (std::size_t i = 0; i < 16; ++i) written = written || bytes[at + i] != 0;
    EXPECT_TRUE(written) << at;
  }
  for (std::size_t i = kBytes; i < bytes.size(); ++i) EXPECT_EQ(bytes[i], 0);
}

}  // namespace
}  // namespace tpscale
