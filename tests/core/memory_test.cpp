#include "core/memory.h"

#include <gtest/gtest.h>

#include "core/buffer.h"

namespace tpscale {
namespace {

TEST(MemoryTracker, PeakIsTheLargestTotalSinceItWasReset) {
  MemoryTracker tracker;
  tracker.allocated(MemoryKind::kWeights, 100);
  tracker.allocated(MemoryKind::kKvCache, 50);
  tracker.freed(MemoryKind::kKvCache, 50);
  EXPECT_EQ(tracker.use().peak, 150U);
  tracker.reset_peak();
  EXPECT_EQ(tracker.use().peak, 100U);
  tracker.allocated(MemoryKind::kActivations, 7);
  EXPECT_EQ(tracker.use().total, 107U);
  EXPECT_EQ(tracker.use().by_kind[static_cast<std::size_t>(MemoryKind::kKvCache)], 0U);
}

struct CountingSource final : BufferSource {
  int released = 0;
  void release(void*, std::size_t, MemoryKind) noexcept override { ++released; }
};

TEST(Buffer, GivesItsMemoryBackOnceHoweverOftenItMoved) {
  CountingSource source;
  int cell = 0;
  {
    Buffer first(source, &cell, sizeof cell, MemoryKind::kOther);
    Buffer second(std::move(first));
    Buffer third;
    third = std::move(second);
    EXPECT_EQ(third.data(), &cell);
    EXPECT_EQ(source.released, 0);
  }
  EXPECT_EQ(source.released, 1);
}

}  // namespace
}  // namespace tpscale
