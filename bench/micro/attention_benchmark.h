#pragma once
#include <memory>
#include <vector>

#include "bench/micro/bench_device.h"

namespace tpscale {

/// Paged attention of one layer of Qwen3-0.6B: "attention/decode/bf16/threads:1/sequences:8/context:1024" and
/// prefills.
void register_attention_benchmarks(const std::shared_ptr<BenchDevices>& devices,
                                   const std::vector<int>& threads);

}  // namespace tpscale
