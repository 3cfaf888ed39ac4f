#include "bench/timing/phase_breakdown.h"

namespace tpscale {
namespace {

double prefill_share(const StepRecord& step) noexcept {
  if (step.decode_tokens == 0) return 1.0;
  return step.prefill_tokens == 0 ? 0.0 : step.prefill_flops_share;
}

void add_share(PhaseSeconds& to, const PhaseSeconds& step, double share) noexcept {
  to.step += share * step.step;
  to.gemm += share * step.gemm;
  to.attention += share * step.attention;
  to.other += share * step.other;
  to.collective += share * step.collective;
  to.host += share * step.host;
}

}  // namespace

std::array<double, 6> as_array(const PhaseSeconds& seconds) noexcept {
  return {seconds.step, seconds.gemm, seconds.attention, seconds.other, seconds.collective, seconds.host};
}

void PhaseBreakdown::add(const StepRecord& step, const PartSeconds& parts) noexcept {
  PhaseSeconds all;
  all.step = step.schedule_seconds + step.forward_seconds;
  all.gemm = parts[static_cast<std::size_t>(StepPart::kGemm)];
  all.attention = parts[static_cast<std::size_t>(StepPart::kAttention)];
  all.other = parts[static_cast<std::size_t>(StepPart::kOther)];
  all.collective = parts[static_cast<std::size_t>(StepPart::kCollective)];
  all.host = all.step - all.gemm - all.attention - all.other - all.collective;
  const double share = prefill_share(step);
  add_share(prefill_, all, share);
  add_share(decode_, all, 1.0 - share);
}

RunSeconds run_seconds(const RunResult& result) noexcept {
  RunSeconds seconds;
  seconds.wall = result.wall_seconds;
  for (const StepRecord& step : result.steps) {
    const double share = prefill_share(step);
    seconds.prefill += share * step.forward_seconds;
    seconds.decode += (1.0 - share) * step.forward_seconds;
    seconds.schedule += step.schedule_seconds;
  }
  return seconds;
}

}  // namespace tpscale
