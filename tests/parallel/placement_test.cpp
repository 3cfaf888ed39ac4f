#include "parallel/placement/placement.h"

#include <gmock/gmock.h>

#include <fstream>

namespace tpscale {
namespace {

using testing::ElementsAre;

std::vector<AvailableCores> ranks_on(const std::vector<std::pair<std::string, std::vector<int>>>& hosts) {
  std::vector<AvailableCores> ranks;
  for (const auto& [host, cores] : hosts) ranks.push_back({host, cores});
  return ranks;
}

std::vector<AvailableCores> on_one_host(int ranks, std::vector<int> cores) {
  return std::vector<AvailableCores>(static_cast<std::size_t>(ranks), {"a", std::move(cores)});
}

const std::vector<int>& cores_of(const Placement& placement, std::size_t rank) {
  return placement.places()[rank].cores;
}

TEST(Placement, SharesTheCoresOfAHost) {
  const Placement placement(on_one_host(2, {0, 1, 2, 3, 4}));
  EXPECT_EQ(placement.threads(), 2);
  EXPECT_FALSE(placement.oversubscribed(2));
  EXPECT_THAT(cores_of(placement, 0), ElementsAre(0, 1));
  EXPECT_THAT(cores_of(placement, 1), ElementsAre(2, 3));
}

TEST(Placement, UnitesWhatTheLauncherBoundRankByRank) {
  Placement placement(ranks_on({{"a", {0}}, {"a", {1}}}));
  EXPECT_EQ(placement.choose(2, true), 2);
  placement.apply(1);
  EXPECT_THAT(cores_of(placement, 0), ElementsAre(0, 1));
  EXPECT_FALSE(placement.oversubscribed(1));
  EXPECT_TRUE(placement.oversubscribed(2));
}

TEST(Placement, OversubscribedRanksShareAllCoresAndSmallGroupsOwnTheirs) {
  Placement placement(on_one_host(8, {0, 1}));
  EXPECT_EQ(placement.threads(), 1);
  EXPECT_TRUE(placement.oversubscribed(8));
  EXPECT_THAT(cores_of(placement, 1), ElementsAre(0, 1));
  EXPECT_FALSE(placement.oversubscribed(2));
  placement.apply(2);
  EXPECT_THAT(cores_of(placement, 0), ElementsAre(0));
  EXPECT_THAT(cores_of(placement, 1), ElementsAre(1));
  EXPECT_THAT(cores_of(placement, 7), ElementsAre(0, 1));
  EXPECT_EQ(placement.places()[7].local_rank, 7);
  EXPECT_EQ(placement.places()[7].local_size, 8);
}

TEST(Placement, TakesTheSmallestShareOfAllHosts) {
  const Placement placement(ranks_on({{"a", {0, 1, 2, 3}}, {"b", {0, 1}}, {"b", {0, 1}}}));
  EXPECT_EQ(placement.threads(), 1);
  EXPECT_THAT(cores_of(placement, 0), ElementsAre(0));
  EXPECT_THAT(cores_of(placement, 2), ElementsAre(1));
  EXPECT_EQ(placement.places()[2].local_rank, 1);
}

TEST(Placement, AQuotaCountsAsCores) {
  std::vector<AvailableCores> ranks = on_one_host(2, {0, 1, 2, 3, 4, 5, 6, 7});
  for (AvailableCores& rank : ranks) rank.quota = 4.5;
  const Placement placement(ranks);
  EXPECT_EQ(placement.threads(), 2);
  EXPECT_FALSE(placement.oversubscribed(2));
}

TEST(Placement, WithoutPinningEveryRankHasAllCores) {
  Placement placement(on_one_host(2, {0, 1}));
  placement.choose(0, false);
  placement.apply(2);
  EXPECT_THAT(cores_of(placement, 1), ElementsAre(0, 1));
}

class Quota : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(root_ / "a/b"); }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const char* name, const char* text) { std::ofstream(root_ / name) << text; }
  std::filesystem::path root_ = std::filesystem::path(testing::TempDir()) / "tpscale_quota";
};

TEST_F(Quota, TheTightestGroupOnTheWayDecides) {
  write("a/cpu.max", "250000 100000\n");
  write("a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(cpu_quota(root_, "/a/b"), 2.5);
  EXPECT_GT(cpu_quota(root_, "/"), 1e6);
}

TEST_F(Quota, ReadsVersionOne) {
  write("a/b/cpu.cfs_quota_us", "150000\n");
  write("a/b/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cpu_quota(root_, "/a/b"), 1.5);
  write("a/b/cpu.cfs_quota_us", "-1\n");
  EXPECT_GT(cpu_quota(root_, "/a/b"), 1e6);
}

TEST(AvailableCores, ThisProcessHasSome) {
  const AvailableCores available = available_cores();
  EXPECT_FALSE(available.cores.empty());
  EXPECT_FALSE(available.host.empty());
  EXPECT_GT(available.quota, 0);
}

}  // namespace
}  // namespace tpscale
