#include <gmock/gmock.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#include "support/host_memory_backend.h"
#include "the_world.h"

namespace tpscale {
namespace {

using test::the_world;

TEST(MpiWorld, KnowsWhereEveryRankIs) {
  const World& world = the_world();
  ASSERT_EQ(world.places().size(), static_cast<std::size_t>(world.size()));
  for (int r = 0; r < world.size(); ++r) {
    const RankPlace& place = world.places()[static_cast<std::size_t>(r)];
    EXPECT_EQ(place.rank, r);
    EXPECT_EQ(place.local_rank, r);
    EXPECT_EQ(place.local_size, world.size());
    EXPECT_EQ(place.host, world.places().front().host);
    EXPECT_FALSE(place.cores.empty());
  }
}

std::vector<int> cores_of_this_thread() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

TEST(MpiWorld, MovesRanksToTheirCores) {
  World& world = the_world();
  const int threads = world.place(0, true);
  EXPECT_GE(threads, 1);
  for (int degree = 1; degree <= world.size(); degree *= 2) {
    world.place_group(degree);
    std::vector<int> cores = world.places()[static_cast<std::size_t>(world.rank())].cores;
    if (!world.oversubscribed(degree) && world.rank() < degree) {
      EXPECT_EQ(cores.size(), static_cast<std::size_t>(threads));
    }
    std::ranges::sort(cores);
    EXPECT_EQ(cores_of_this_thread(), cores) << "degree " << degree;
  }
  EXPECT_THROW(world.place_group(world.size() + 1), UsageError);
  world.place(0, false);
}

TEST(MpiWorld, NamesItsLibrary) {
  const auto libraries = the_world().libraries();
  ASSERT_EQ(libraries.size(), 1U);
  EXPECT_EQ(libraries[0].first, "MPI");
  EXPECT_FALSE(libraries[0].second.empty());
}

TEST(MpiWorld, GathersOnTheHost) {
  World& world = the_world();
  std::vector<int> all(static_cast<std::size_t>(world.size()));
  const int mine = 7 + world.rank();
  world.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&mine, 1)));
  for (int r = 0; r < world.size(); ++r) EXPECT_EQ(all[static_cast<std::size_t>(r)], 7 + r);
}

TEST(MpiWorld, AnErrorOfRankZeroIsThrownByAll) {
  int runs = 0;
  try {
    on_rank_zero(the_world(), [&] {
      ++runs;
      throw BadDataError("file x is no file");
    });
    ADD_FAILURE() << "nothing thrown";
  } catch (const CollectiveError& error) {
    EXPECT_EQ(error.code(), ExitCode::kBadData);
    EXPECT_STREQ(error.what(), "file x is no file");
  }
  EXPECT_EQ(runs, the_world().rank() == 0 ? 1 : 0);
}

TEST(MpiWorld, AnErrorOfTheLastRankIsThrownByAll) {
  const int last = the_world().size() - 1;
  const auto function = [&] {
    if (the_world().rank() == last) throw MissingInputError("no shard");
  };
  const std::string expected = last == 0 ? "no shard" : "rank " + std::to_string(last) + ": no shard";
  EXPECT_THAT([&] { together(the_world(), function); }, testing::ThrowsMessage<CollectiveError>(expected));
  EXPECT_THROW(together(the_world(), [] { throw OutOfMemoryError("too much", 10, 5); }), OutOfMemoryError);
  EXPECT_NO_THROW(together(the_world(), [] {}));
}

TEST(MpiWorld, RefusesGroupsItCannotMake) {
  test::HostMemoryBackend backend;
  EXPECT_THROW(the_world().make_group(the_world().size() + 1, backend, {}), UsageError);
  EXPECT_THROW(the_world().make_group(0, backend, {}), UsageError);
  ParallelOptions options;
  options.all_reduce = "carrier pigeon";
  EXPECT_THROW(the_world().make_group(1, backend, options), UsageError);
  options = {};
  options.communicator = "carrier pigeon";
  EXPECT_THROW(the_world().make_group(1, backend, options), NotAvailableError);
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

TEST(MpiWorld, ParkedRanksSleep) {
  constexpr auto kWork = std::chrono::seconds(2);
  World& world = the_world();
  world.barrier();
  const double before = cpu_seconds();
  if (world.rank() == 0) std::this_thread::sleep_for(kWork);
  std::byte go{1};
  world.announce(std::span(&go, 1));
  const double share = (cpu_seconds() - before) / std::chrono::duration<double>(kWork).count();
  EXPECT_LT(share, 0.05);
  std::vector<double> shares(static_cast<std::size_t>(world.size()));
  world.all_gather_host(std::as_writable_bytes(std::span(shares)), std::as_bytes(std::span(&share, 1)));
  if (world.rank() == 0)
    RecordProperty("largest_share_of_a_core", std::to_string(*std::ranges::max_element(shares)));
}

}  // namespace
}  // namespace tpscale
