#pragma once
#include <driver_types.h>

#include <memory>
#include <set>
#include <thread>

#include "support/virtual_gpu/runtime/graph.h"
#include "support/virtual_gpu/runtime/stream.h"

namespace tpscale::virtual_gpu {

/// A capture that is under way. CUDA C++ Programming Guide, "Creating a Graph Using Stream Capture"; Runtime
/// API, "Stream Management" and "Graph Management".
struct Capture {
  unsigned long long id = 0;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  CUstream_st* origin = nullptr;
  std::set<CUstream_st*> streams;  ///< the origin and what was forked from it
  bool invalid = false;
  bool ended = false;
  CUgraph_st graph;
};

/// A node behind what the stream captured last.
cudaError_t add_to_capture(CUstream_st& stream, Operation operation);

cudaError_t begin_capture(CUstream_st& stream, cudaStreamCaptureMode mode);
/// nullptr in `graph` where the capture cannot become one.
cudaError_t end_capture(CUstream_st& stream, cudaGraph_t* graph);

/// Whether a call that may wait or allocate is forbidden to this host thread now: "potentially unsafe API
/// calls" of cudaThreadExchangeStreamCaptureMode.
bool unsafe_calls_forbidden();
/// Those for which this host thread's calls are forbidden.
void invalidate_captures();
bool any_blocking_capture(int device);  ///< the legacy stream may not be used then

cudaError_t record_in_capture(CUevent_st& event, CUstream_st& stream);
/// cudaStreamWaitEvent where the stream, or the event's last record, belongs to a capture.
cudaError_t wait_in_capture(CUstream_st& stream, CUevent_st& event);

}  // namespace tpscale::virtual_gpu
