#pragma once
#include <functional>

#include "support/virtual_gpu/runtime/machine.h"

namespace tpscale::virtual_gpu {

/// Begins `operation` with the fault that is due for its kind, if any.
Step begin(const Operation& operation, int device);

/// Queues it where work of this stream goes now: the stream, or the graph that it captures.
cudaError_t submit(Lock& lock, CUstream_st& stream, Operation operation);

/// Runs queued work of the device, of all streams in an order drawn from the seed, until `done`. `target` is
/// the stream it waits for, if it is one.
void run_until(Lock& lock, int device, const CUstream_st* target, const std::function<bool()>& done);

/// Nothing, or some of the queued work of the device, as the seed will have it.
void run_a_little(Lock& lock, int device, std::uint32_t one_in);

bool has_work(int device);
/// One look at some work of the device, by a thread that is no host's; whether anything came to its end.
bool run_anything(Lock& lock, int device);

void run_stream(Lock& lock, CUstream_st& stream);   ///< until all queued now has finished
void run_device(Lock& lock, int device);            ///< all streams of it
void run_blocking_streams(Lock& lock, int device);  ///< those that the default stream waits for

/// The stream behind a handle: nullptr and the legacy handle mean the current device's default stream.
/// nullptr: no such stream.
CUstream_st* find_stream(cudaStream_t handle);

}  // namespace tpscale::virtual_gpu
