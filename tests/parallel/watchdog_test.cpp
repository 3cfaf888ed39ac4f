#include "parallel/watchdog/watchdog.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "parallel/watchdog/heartbeats.h"

namespace tpscale {
namespace {

constexpr std::array kRanks{0, 1, 2};

TEST(Heartbeats, CountTheLooksThatARankWasNotSeenToRun) {
  std::array<Progress, 3> ranks;
  for (Progress& rank : ranks) rank.alive = 1;
  Heartbeats heartbeats(ranks);
  heartbeats.look(0);
  for (int look = 1; look <= 5; ++look) {
    ++ranks[1].alive;
    const Heartbeats::Silence silence = heartbeats.look(0);
    EXPECT_EQ(silence.looks, look);
    EXPECT_EQ(silence.index, 2u);
  }
  ++ranks[2].alive;
  EXPECT_EQ(heartbeats.look(0).index, 1u) << "the one that goes on is heard again";
  ranks[1].alive = ranks[2].alive = 0;
  EXPECT_EQ(heartbeats.look(0).looks, 0) << "who has left is not missed";
}

class WatchdogDeath : public testing::Test {
 protected:
  WatchdogDeath() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
  std::array<Progress, 3> ranks_;

  /// Ends only by the watchdog of rank 0; rank 1 lives, rank 2 only where `all_live`.
  void watch(bool all_live) {
    const Watchdog watchdog(ranks_, kRanks, 0, 0.2);
    ranks_[2].alive = 1;
    for (;;) {
      ++ranks_[1].alive;
      if (all_live) ++ranks_[2].alive;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
};

TEST_F(WatchdogDeath, ARankThatStandsStillIsNamedThoughNobodyWaitsForIt) {
  EXPECT_EXIT(watch(false), testing::ExitedWithCode(124), "rank 2 has stood still for .* as rank 0 sees");
}

TEST_F(WatchdogDeath, AWaitForTheDeviceNamesTheRankThatDoesNotWait) {
  OperationLog log(ranks_[0], group_id(1, 3));
  OperationLog same(ranks_[1], group_id(1, 3));
  OperationLog behind(ranks_[2], group_id(1, 3));
  { const auto done = log.begin(Operation::kAllReduce, 8); }
  { const auto done = same.begin(Operation::kAllReduce, 8); }
  { const auto done = behind.begin(Operation::kAllReduce, 8); }
  const auto mine = log.wait(Operation::kDeviceWait);
  const auto theirs = same.wait(Operation::kDeviceWait);
  EXPECT_EXIT(watch(true), testing::ExitedWithCode(124),
              "rank 0 waited .* in device_wait \\(enqueued last, but for replayed graphs: #1\\).*"
              "not there, of this host: rank 2 \\(outside collectives, last in all_reduce #1\\)");
}

TEST_F(WatchdogDeath, RanksOfOtherHostsAreNamedWhereAllOfThisOneAreThere) {
  std::array<OperationLog, 3> logs{OperationLog(ranks_[0], group_id(1, 5)),
                                   OperationLog(ranks_[1], group_id(1, 5)),
                                   OperationLog(ranks_[2], group_id(1, 5))};
  const auto first = logs[0].begin(Operation::kBarrier, 0);
  const auto second = logs[1].begin(Operation::kBarrier, 0);
  const auto third = logs[2].begin(Operation::kBarrier, 0);
  EXPECT_EXIT(watch(true), testing::ExitedWithCode(124),
              "not there, of this host: none; one on another host is not, of ranks 3 4");
}

}  // namespace
}  // namespace tpscale
