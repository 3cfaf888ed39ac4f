#include "bench/trial/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "bench/trial/timed_trial.h"
#include "core/error.h"
#include "support/run_on_ranks.h"

namespace tpscale {
namespace {

TEST(Agreement, AnErrorOfOneRankIsThatOfAllAndNamesIt) {
  std::atomic<int> heard = 0;
  test::run_on_ranks(3, [&](Communicator& group) {
    try {
      together(group, [&] {
        if (group.rank() == 2) throw BadDataError("a shard is short");
      });
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kBadData);
      EXPECT_STREQ(error.what(), "rank 2: a shard is short");
      ++heard;
    }
  });
  EXPECT_EQ(heard, 3);
}

TEST(Agreement, OutOfMemoryStaysOne) {
  std::atomic<int> heard = 0;
  test::run_on_ranks(2, [&](Communicator& group) {
    try {
      together(group, [&] {
        if (group.rank() == 1) throw OutOfMemoryError("too much", 10, 3);
      });
    } catch (const OutOfMemoryError& error) {
      EXPECT_EQ(error.requested_bytes(), 10u);
      EXPECT_EQ(error.available_bytes(), 3u);
      ++heard;
    }
  });
  EXPECT_EQ(heard, 2);
}

TEST(Agreement, NothingIsThrownWhereAllSucceed) {
  test::run_on_ranks(2, [](Communicator& group) { EXPECT_NO_THROW(together(group, [] {})); });
}

TEST(Agreement, EveryRankSeesEveryRanksValues) {
  test::run_on_ranks(3, [](Communicator& group) {
    const std::array mine{group.rank() * 1.0, group.rank() * 10.0};
    const auto all = gather(group, mine);
    EXPECT_THAT(all,
                testing::ElementsAre(std::vector{0.0, 0.0}, std::vector{1.0, 10.0}, std::vector{2.0, 20.0}));
    EXPECT_EQ(told_by_root(group, group.rank() + 7), 7);
  });
}

}  // namespace
}  // namespace tpscale
