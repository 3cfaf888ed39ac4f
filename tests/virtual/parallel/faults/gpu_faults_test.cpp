// Launches on virtual GPUs that go wrong on purpose. The test itself is one process, which starts mpirun.
#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "support/launch_outcome.h"

namespace tpscale::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

/// Two ranks; `variable` is set for the last one alone. The launch has to end by itself, with all processes.
LaunchOutcome run_fault(const std::string& fault, const std::string& variable = "") {
  const std::string token = "tpscale_gpu_fault_" + fault + "_" + std::to_string(getpid());
  const std::string rank = std::string(TPSCALE_FAULTY_GPU_RANK) + " " + fault + " 2 " + token;
  const std::string option = variable.empty() ? "" : "-x " + variable + " ";
  LaunchOutcome outcome = launch(std::string(TPSCALE_MPIRUN) + " -n 1 " + rank + " : -n 1 " + option + rank);
  EXPECT_LT(outcome.seconds, 50) << "it hangs: " << outcome.text;
  for (int tries = 0; tries < 50 && processes_with(token) > 0; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(processes_with(token), 0) << fault << " left processes";
  return outcome;
}

TEST(GpuFault, WithoutOneAllIsDone) {
  const LaunchOutcome outcome = run_fault("none");
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("done"));
}

TEST(GpuFault, ARankThatSkipsACollectiveIsNamedByTheWatchdog) {
  const LaunchOutcome outcome = run_fault("skip");
  EXPECT_EQ(outcome.status, 124) << outcome.text;
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("tpscale: rank 0 waited 2."), HasSubstr("device_wait"),
                                  HasSubstr("of 2 ranks"), Not(HasSubstr("done"))));
}

TEST(GpuFault, AnInitialisationThatNeverEndsIsEndedByTheWatchdog) {
  const LaunchOutcome absent = run_fault("absent");
  EXPECT_EQ(absent.status, 124) << absent.text;
  const LaunchOutcome hangs = run_fault("none", "VIRTUAL_GPU_FAIL=ncclCommInitRankConfig:1:hang");
  EXPECT_EQ(hangs.status, 124) << hangs.text;
  EXPECT_THAT(hangs.text, AllOf(HasSubstr("waited 2."), HasSubstr("in connect")));
}

TEST(GpuFault, AFailedInitialisationSaysWhy) {
  const LaunchOutcome outcome = run_fault("none", "VIRTUAL_GPU_FAIL=ncclCommInitRankConfig:1:2");
  EXPECT_EQ(outcome.status, 1) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("making the communicator of NCCL failed: unhandled system error"));
}

TEST(GpuFault, AnAsynchronousErrorEndsTheLaunchWithASentence) {
  const LaunchOutcome outcome = run_fault("none", "VIRTUAL_GPU_FAIL=ncclAllReduce.async:5:6");
  EXPECT_EQ(outcome.status, 1) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("rank 1: a collective of NCCL failed: remote process exited"));
}

TEST(GpuFault, AFailedCallEndsTheLaunchWithASentence) {
  const LaunchOutcome outcome = run_fault("none", "VIRTUAL_GPU_FAIL=ncclAllReduce:5:1");
  EXPECT_EQ(outcome.status, 1) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("rank 1: ncclAllReduce failed: unhandled cuda error"));
}

TEST(GpuFault, RanksThatDisagreeAreToldSo) {
  const LaunchOutcome outcome = run_fault("muddle");
  EXPECT_EQ(outcome.status, 1) << outcome.text;
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("failed: invalid usage"), HasSubstr("AllReduce of 101")));
}

TEST(GpuFault, AKilledRankEndsTheLaunch) {
  const LaunchOutcome outcome = run_fault("kill");
  EXPECT_NE(outcome.status, 0) << outcome.text;
  EXPECT_THAT(outcome.text, Not(HasSubstr("done")));
}

TEST(GpuFault, AnErrorElsewhereAbortsAndKeepsItsCode) {
  const LaunchOutcome outcome = run_fault("throw");
  EXPECT_EQ(outcome.status, 1) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("rank 1: a fault was injected in place of collective 20 (all_reduce)"));
}

}  // namespace
}  // namespace tpscale::test
