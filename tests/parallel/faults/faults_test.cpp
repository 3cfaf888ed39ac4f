#include <gmock/gmock.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

struct Outcome {
  int status = 0;
  double seconds = 0;
  std::string text;
};

Outcome run_command(const std::string& command) {
  constexpr const char* kAtMost = "timeout -s KILL 60 ";  // one that hangs must not hang the tests
  Outcome outcome;
  const auto start = std::chrono::steady_clock::now();
  std::FILE* pipe = popen((kAtMost + command + " 2>&1").c_str(), "r");
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof(buffer), pipe)) outcome.text.append(buffer, n);
  const int status = pclose(pipe);
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

int processes_with(const std::string& token) {
  int count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    std::ifstream file(entry.path() / "cmdline");
    std::stringstream text;
    if (file) text << file.rdbuf();
    count += text.str().find(token) != std::string::npos;
  }
  return count;
}

/// Runs faulty_rank under mpirun; it has to end by itself within `limit` seconds, not with 0, and with all
/// its processes.
Outcome run_fault(const std::string& fault, const std::string& arm, int ranks, double limit) {
  const std::string token = "tpscale_fault_" + fault + "_" + arm + "_" + std::to_string(getpid());
  constexpr const char* kWatchdogSeconds = " 1 ";
  const Outcome outcome =
      run_command(std::string(TPSCALE_MPIRUN) + " -n " + std::to_string(ranks) + " " + TPSCALE_FAULTY_RANK +
                  " " + fault + " " + arm + kWatchdogSeconds + token);
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
  EXPECT_EQ(outcome.status, 65);
  EXPECT_THAT(outcome.text, HasSubstr("rank 2: a fault of the test"));
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
