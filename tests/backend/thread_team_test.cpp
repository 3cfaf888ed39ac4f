#include "backend/cpu/thread_team.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace tpscale::cpu {
namespace {

TEST(ThreadTeam, EveryThreadRunsOnce) {
  for (const bool oversubscribed : {false, true}) {
    ThreadTeam team(4, oversubscribed);
    ASSERT_EQ(team.size(), 4);
    std::vector<int> runs(4);
    for (int i = 0; i < 300; ++i) team.run([&](int thread) { ++runs[static_cast<std::size_t>(thread)]; });
    EXPECT_EQ(runs, std::vector<int>(4, 300));
  }
}

TEST(ThreadTeam, WakesThreadsThatSleep) {
  ThreadTeam team(3, false);
  std::vector<int> runs(3);
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    team.run([&](int thread) { ++runs[static_cast<std::size_t>(thread)]; });
  }
  EXPECT_EQ(runs, std::vector<int>(3, 3));
}

TEST(ThreadTeam, DividesIntoPartsInOrderWithoutGap) {
  for (const int threads : {1, 2, 3, 5}) {
    ThreadTeam team(threads, true);
    for (const std::int64_t count : {0, 1, 2, 7, 16, 100}) {
      for (const std::int64_t grain : {1, 3, 16}) {
        std::vector<int> owner(static_cast<std::size_t>(count), -1);
        team.divide(count, grain, [&](std::int64_t begin, std::int64_t end, int thread) {
          EXPECT_EQ(begin % grain, 0);
          for (std::int64_t i = begin; i < end; ++i) owner[static_cast<std::size_t>(i)] = thread;
        });
        for (std::size_t i = 0; i < owner.size(); ++i) {
          EXPECT_GE(owner[i], 0) << "nobody did " << i << " of " << count;
          EXPECT_GE(owner[i], owner[i == 0 ? 0 : i - 1]);
        }
      }
    }
  }
}

TEST(ThreadTeam, TheDivisionIsTheSameEveryTime) {
  ThreadTeam team(3, true);
  std::vector<int> first;
  for (int round = 0; round < 50; ++round) {
    std::vector<int> owner(50);
    team.divide(50, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
      for (std::int64_t i = begin; i < end; ++i) owner[static_cast<std::size_t>(i)] = thread;
    });
    if (round == 0) first = owner;
    ASSERT_EQ(owner, first);
  }
}

}  // namespace
}  // namespace tpscale::cpu
