#include "bench/trial/memory_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace tpscale {
namespace {

class MemoryWatchTest : public testing::Test {
 protected:
  /// Allocates more and more while it is watched, and fills the pool with as many blocks.
  std::vector<MemorySample> watched(double interval_s, int steps) {
    std::atomic<std::int64_t> blocks = 0;
    MemoryWatch watch(*backend_, interval_s, [&] { return KvFill{blocks.load(), 16 * blocks.load()}; });
    for (int i = 0; i < steps; ++i) {
      held_.push_back(backend_->allocate(4096, MemoryKind::kKvCache));
      ++blocks;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return watch.stop();
  }

  std::unique_ptr<Backend> backend_ = backend_registry().find("cpu").factory({}, DevicePlace{});
  std::vector<Buffer> held_;
};

TEST_F(MemoryWatchTest, SeesWhatIsAllocatedAndWhatThePoolHolds) {
  const auto samples = watched(0.001, 30);
  ASSERT_GE(samples.size(), 2u);
  EXPECT_EQ(samples.front().own.total, 0u);
  EXPECT_EQ(samples.back().own.by_kind[static_cast<std::size_t>(MemoryKind::kKvCache)], 30u * 4096);
  EXPECT_EQ(samples.back().kv.blocks_used, 30);
  EXPECT_EQ(samples.back().kv.slots_used, 480);
  EXPECT_GT(samples.back().device_bytes.value_or(0), 0u) << "the resident set";
  for (std::size_t i = 1; i < samples.size(); ++i) {
    EXPECT_GT(samples[i].time_s, samples[i - 1].time_s);
    EXPECT_GE(samples[i].kv.blocks_used, samples[i - 1].kv.blocks_used);
  }
}

TEST_F(MemoryWatchTest, KeepsFewSamplesOfALongRun) {
  const auto samples = watched(0.0, 300);
  EXPECT_LE(samples.size(), 129u);
  EXPECT_EQ(samples.front().kv.blocks_used, 0) << "the beginning is kept";
  EXPECT_EQ(samples.back().kv.blocks_used, 300) << "and the end";
}

TEST_F(MemoryWatchTest, ALongIntervalDoesNotHoldUpTheEnd) {
  EXPECT_EQ(watched(3600.0, 1).size(), 2u);
}

TEST_F(MemoryWatchTest, BecomesSeriesOfOneLengthThatNameTheirArm) {
  const auto taken = watched(0.001, 3);
  const auto series = monitor_samples(taken, "paged");
  EXPECT_EQ(series.front().name, "paged_sample_time");
  for (const Samples& one : series) {
    EXPECT_EQ(one.phase, "monitor");
    EXPECT_EQ(one.rows.size(), taken.size());
  }
  EXPECT_EQ(series.back().name, "kv_slots_used_paged");
  EXPECT_EQ(series.back().rows.back().front(), 48.0);
}

TEST_F(MemoryWatchTest, ADeviceThatTellsNothingHasNoView) {
  auto taken = watched(0.001, 3);
  taken.front().device_bytes.reset();
  for (const Samples& one : monitor_samples(taken, "")) EXPECT_NE(one.name, "memory_device_view");
}

}  // namespace
}  // namespace tpscale
