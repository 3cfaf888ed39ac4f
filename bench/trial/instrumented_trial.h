#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "bench/store/point.h"
#include "comm/communicator.h"
#include "engine/engine.h"

namespace tpscale {

/// Repetitions apart from the timed ones, with clocks around every op and collective: where a step's seconds
/// go. "prefill_gemm_seconds", "decode_collective_seconds", ...: {prefill, decode} x {step, gemm, attention,
/// other, collective, host}, one row a repetition, a column a rank; no warm-up, as the timed repetitions have
/// gone before. `go_on` is asked on rank 0 before each.
std::vector<Samples> run_instrumented_trial(Engine& engine, Backend& backend, Communicator& group,
                                            std::span<const Request> requests, std::int64_t repetitions,
                                            const std::function<bool()>& go_on);

}  // namespace tpscale
