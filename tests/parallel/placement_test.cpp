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

/// Two packages of two physical cores with two hyperthreads each: 0 and 4 are one core, 1 and 5, ...
std::vector<AvailableCores> with_hyperthreads(int ranks) {
  return std::vector<AvailableCores>(static_cast<std::size_t>(ranks),
                                     {"a", {0, 4, 1, 5, 2, 6, 3, 7}, 1e9, {0, 0, 1, 1, 2, 2, 3, 3}});
}

TEST(Placement, StatedThreadsTakeAPhysicalCoreEachBeforeSecondHyperthreads) {
  for (const int ranks : {2, 4, 8}) {  // the same cores in launches of any number of ranks
    Placement placement(with_hyperthreads(ranks));
    placement.choose(1, true);
    placement.apply(ranks);
    EXPECT_THAT(cores_of(placement, 0), ElementsAre(0));
    EXPECT_THAT(cores_of(placement, 1), ElementsAre(1));
  }
  Placement all(with_hyperthreads(8));
  all.choose(1, true);
  all.apply(8);
  EXPECT_THAT(cores_of(all, 4), ElementsAre(4));
  Placement placement(with_hyperthreads(2));
  placement.choose(2, true);
  placement.apply(2);
  EXPECT_THAT(cores_of(placement, 0), ElementsAre(0, 1));
  EXPECT_THAT(cores_of(placement, 1), ElementsAre(2, 3));
}

TEST(Placement, AWholeShareIsOfWholePhysicalCores) {
  Placement placement(with_hyperthreads(4));
  EXPECT_EQ(placement.threads(), 2);
  EXPECT_THAT(cores_of(placement, 0), ElementsAre(0, 4));
  EXPECT_THAT(cores_of(placement, 3), ElementsAre(3, 7));
  Placement crowded(with_hyperthreads(8));
  EXPECT_EQ(crowded.threads(), 1);
  crowded.apply(2);
  EXPECT_THAT(cores_of(crowded, 1), ElementsAre(1));
}

TEST(Placement, SpreadsOverWhatTheLauncherBoundRankByRank) {
  Placement placement({{"a", {0, 4}, 1e9, {0, 0}}, {"a", {1, 5}, 1e9, {1, 1}}});
  EXPECT_THAT(cores_of(placement, 1), ElementsAre(1, 5));
  placement.choose(1, true);
  placement.apply(2);
  EXPECT_THAT(cores_of(placement, 0), ElementsAre(0));
  EXPECT_THAT(cores_of(placement, 1), ElementsAre(1));
}

TEST(PhysicalCore, IsTheFirstOfItsHyperthreads) {
  const std::filesystem::path root = std::filesystem::path(testing::TempDir()) / "tpscale_topology";
  const auto siblings = [&](int core, const char* list) {
    const std::filesystem::path folder = root / ("cpu" + std::to_string(core)) / "topology";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "thread_siblings_list") << list << '\n';
  };
  siblings(5, "1,5");
  siblings(7, "6-7");
  EXPECT_EQ(physical_core(5, root), 1);
  EXPECT_EQ(physical_core(7, root), 6);
  EXPECT_EQ(physical_core(9, root), 9);  // the kernel does not say
  std::filesystem::remove_all(root);
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
