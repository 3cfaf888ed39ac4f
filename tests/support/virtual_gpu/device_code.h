#pragma once
#include <cstddef>
#include <cstdint>
#include <source_location>

/// What emulated device code (the wrappers of CUDA's headers, the host version of ptx.cuh) is made of.
/// To be called by a thread of a running kernel only.
namespace tpscale::virtual_gpu {

inline constexpr unsigned kFullMask = 0xFFFFFFFFU;

/// All threads of the block meet. Ends the program where one of them has left the kernel or waits elsewhere.
void meet_block(std::source_location place);

/// The lanes of `mask` meet; `what` names the instruction. Each brings `lane`, its own operands and room for
/// its results. The last to arrive calls finish(lanes, mask), where lanes[i] is what lane i brought, nullptr
/// where i is not in the mask. All leave after that. The same for every instruction of a warp: shuffles,
/// votes, ldmatrix, mma.
using Finish = void (*)(void* const* lanes, unsigned mask);
void meet_warp(unsigned mask, const char* what, void* lane, Finish finish, std::source_location place);

int lane_index();               ///< 0 .. 31
unsigned live_lanes();          ///< lanes of this warp that have not left the kernel
std::uint32_t random_number();  ///< from the run's seed
void* dynamic_shared_memory();  ///< of the running block, aligned to 128 bytes

/// cp.async: copies `bytes` (4, 8 or 16), of which the first source_bytes come from `global` and the others
/// are zero. It lands at once or as late as allowed, as the seed will have it.
void copy_async(void* shared, const void* global, std::size_t bytes, std::size_t source_bytes,
                std::source_location place = std::source_location::current());
void copy_async_commit();                    ///< cp.async.commit_group
void copy_async_wait(int groups_in_flight);  ///< cp.async.wait_group N: all but the last N groups have landed

}  // namespace tpscale::virtual_gpu
