#pragma once
#include <memory>
#include <vector>

#include "bench/micro/bench_device.h"

namespace tpscale {

/// Linear layers of Qwen3-0.6B by name and rows: "linear/gate_up/bf16/packed/threads:1/rows:512". The working
/// set is as many copies of the layer as a model has (28), so that no cache holds it.
void register_linear_benchmarks(const std::shared_ptr<BenchDevices>& devices,
                                const std::vector<int>& threads);

}  // namespace tpscale
