#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "support/launch_outcome.h"

namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

using Outcome = tpscale::test::LaunchOutcome;
using tpscale::test::launch;
using tpscale::test::processes_with;

/// Runs faulty_rank under mpirun; it has to end by itself within `limit` seconds, not with 0, and with all
/// its processes.
Outcome run_fault(const std::string& fault, const std::string& arm, int ranks, double limit) {
  const std::string token = "tpscale_fault_" + fault + "_" + arm + "_" + std::to_string(getpid());
  constexpr const char* kWatchdogSeconds = " 1 ";
  const Outcome outcome = launch(std::string(TPSCALE_MPIRUN) + " -n " + std::to_string(ranks) + " " +
                                 TPSCALE_FAULTY_RANK + " " + fault + " " + arm + kWatchdogSeconds + token);
  EXPECT_NE(outcome.status, 0) << fault;
  EXPECT_LT(outcome.seconds, limit) << fault;
  for (int tries = 0; tries < 50 && processes_with(token) > 0; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(processes_with(token), 0) << fault << " left processes";
  return outcome;
}

/// Seconds until all has ended, with room for a slow start of mpirun on a busy machine (measured: 1.5 to 2.5,
/// and 2.6 to 4.6).
constexpr double kDeath = 15;
constexpr double kWatchdog = 25;

class Fault : public testing::TestWithParam<const char*> {};

TEST_P(Fault, AKilledRankEndsTheJob) {
  run_fault("kill", GetParam(), 3, kDeath);
}

TEST_P(Fault, AStoppedRankIsNamedByTheWatchdogs) {
  const Outcome outcome = run_fault("stop", GetParam(), 2, kWatchdog);
  EXPECT_EQ(outcome.status, 124);
  EXPECT_THAT(
      outcome.text,
      AllOf(HasSubstr("tpscale: rank 0 waited 1."), HasSubstr("in all_reduce #101 (4 B) of 2 ranks"),
            HasSubstr("completed last: all_reduce #100"),
            HasSubstr("not there, of this host: rank 1 (outside collectives, last in all_reduce #100)")));
}

INSTANTIATE_TEST_SUITE_P(AllReduce, Fault, testing::Values("shm", "mpi"),
                         [](const auto& name) { return name.param; });

TEST(OneFault, ACrashedRankEndsTheJob) {
  run_fault("segv", "shm", 2, kDeath);
}

TEST(OneFault, ARankThatExitsQuietlyEndsTheJob) {
  run_fault("exit", "shm", 2, kWatchdog);
}

TEST(OneFault, AnErrorOfOneRankEndsTheJobWithItsCode) {
  const Outcome outcome = run_fault("throw", "shm", 3, kDeath);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.text,
              HasSubstr("rank 2: a fault was injected in place of collective 101 (all_reduce)"));
}

TEST(OneFault, ARankInAnEndlessLoopIsNamed) {
  const Outcome outcome = run_fault("loop", "shm", 3, kWatchdog);
  EXPECT_EQ(outcome.status, 124);
  EXPECT_THAT(outcome.text, HasSubstr("not there, of this host: rank 2 (outside collectives"));
}

TEST(OneFault, ARankInAnotherCollectiveIsNamedWithIt) {
  const Outcome outcome = run_fault("barrier", "shm", 2, kWatchdog);
  EXPECT_EQ(outcome.status, 124);
  EXPECT_THAT(outcome.text,
              AnyOf(HasSubstr("rank 1 (in barrier #"), HasSubstr("rank 0 (in all_reduce #101 of 2 ranks)")));
}

TEST(OneFault, ARankThatLeavesEarlyIsNamed) {
  const Outcome outcome = run_fault("leave", "mpi", 2, kWatchdog);
  EXPECT_EQ(outcome.status, 124);
  EXPECT_THAT(outcome.text,
              AnyOf(HasSubstr("rank 1 (in finalize"), HasSubstr("rank 0 (in all_reduce #101 of 2 ranks)")));
}

}  // namespace
