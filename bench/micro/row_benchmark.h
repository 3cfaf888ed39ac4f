#pragma once
#include <memory>
#include <vector>

#include "bench/micro/bench_device.h"

namespace tpscale {

/// Norms, activation and arg-max at the sizes of Qwen3-0.6B: "row/rms_norm/bf16/threads:1/rows:32".
void register_row_benchmarks(const std::shared_ptr<BenchDevices>& devices, const std::vector<int>& threads);

}  // namespace tpscale
