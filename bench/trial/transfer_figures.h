#pragma once
#include <span>
#include <string>

#include "bench/store/point.h"
#include "bench/trial/transfer_trial.h"

namespace tpscale {

/// Every arm's bytes, seconds and rates each way (of all ranks, and of one where there are several), its
/// share of the ceiling, and what it does to a decode; on rank 0.
void add_transfer_figures(Point& point, const TransferTrialResult& result, std::span<const TransferArm> arms,
                          int degree, bool oversubscribed);

/// "plausible": no copy took no time, and no arm's median rate is above 1.15 times the best the ceiling
/// reached; of copies for which the ceiling takes less than 200 us only the former is judged.
Verdict judge_transfers(const TransferTrialResult& result, std::span<const TransferArm> arms);

}  // namespace tpscale
