#include "bench/timing/phase_breakdown.h"

#include <gtest/gtest.h>

namespace tpscale {
namespace {

StepRecord step(std::int64_t prefill, std::int64_t decode, double share, double schedule, double forward) {
  StepRecord record;
  record.prefill_tokens = prefill;
  record.decode_tokens = decode;
  record.prefill_flops_share = share;
  record.schedule_seconds = schedule;
  record.forward_seconds = forward;
  return record;
}

TEST(PhaseBreakdown, PureStepsGoToTheirPhaseAndTheRestIsHost) {
  PhaseBreakdown breakdown;
  breakdown.add(step(8, 0, 1.0, 1.0, 9.0), {4.0, 2.0, 1.0, 0.5});
  breakdown.add(step(0, 3, 0.0, 0.5, 1.5), {1.0, 0.25, 0.25, 0.25});
  EXPECT_EQ(as_array(breakdown.prefill()), (std::array{10.0, 4.0, 2.0, 1.0, 0.5, 2.5}));
  EXPECT_EQ(as_array(breakdown.decode()), (std::array{2.0, 1.0, 0.25, 0.25, 0.25, 0.25}));
}

TEST(PhaseBreakdown, AMixedStepIsSharedOutByFlops) {
  PhaseBreakdown breakdown;
  breakdown.add(step(8, 3, 0.75, 0.0, 4.0), {4.0, 0.0, 0.0, 0.0});
  EXPECT_DOUBLE_EQ(breakdown.prefill().gemm, 3.0);
  EXPECT_DOUBLE_EQ(breakdown.decode().gemm, 1.0);
}

TEST(RunSeconds, PhasesAndSchedulingAddUpToTheSteps) {
  RunResult result;
  result.wall_seconds = 16.5;
  result.steps = {step(8, 0, 1.0, 1.0, 9.0), step(0, 3, 0.0, 0.5, 1.5), step(4, 4, 0.25, 0.5, 4.0)};
  const RunSeconds seconds = run_seconds(result);
  EXPECT_DOUBLE_EQ(seconds.prefill, 10.0);
  EXPECT_DOUBLE_EQ(seconds.decode, 4.5);
  EXPECT_DOUBLE_EQ(seconds.schedule, 2.0);
  EXPECT_DOUBLE_EQ(seconds.prefill + seconds.decode + seconds.schedule, seconds.wall);
}

}  // namespace
}  // namespace tpscale
