#pragma once
#include <cstdint>
#include <string>

/// What a test asks of the virtual device.
namespace tpscale::virtual_gpu {

/// Replaces what VIRTUAL_GPU_FAIL said: "cudaMalloc:3:2,ncclAllReduce:1:hang"; "" for no faults.
void set_faults(const std::string& text);

/// Begins all draws anew: the order of threads, blocks and streams.
void set_seed(std::uint64_t seed);
std::uint64_t seed();

}  // namespace tpscale::virtual_gpu
