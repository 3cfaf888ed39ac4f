#include "support/virtual_gpu/runtime/api.h"
#include "support/virtual_gpu/runtime/graph.h"

// CUDA Runtime API, "Graph Management", and what "Stream Management" says of capture.
using namespace tpscale::virtual_gpu;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  return call("cudaStreamBeginCapture", DuringCapture::kAllowed, [&](Lock&) {
    CUstream_st* stream = find_stream(handle);
    return stream == nullptr ? cudaErrorInvalidResourceHandle : begin_capture(*stream, mode);
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  return call("cudaStreamEndCapture", DuringCapture::kAllowed, [&](Lock&) {
    CUstream_st* stream = find_stream(handle);
    return stream == nullptr ? cudaErrorInvalidResourceHandle : end_capture(*stream, graph);
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  return call("cudaStreamIsCapturing", DuringCapture::kAllowed, [&](Lock&) {
    const CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    *status = stream->capture == nullptr ? cudaStreamCaptureStatusNone
              : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                         : cudaStreamCaptureStatusActive;
    return cudaSuccess;
  });
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(host_thread().capture_mode, *mode);
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return call("cudaGraphGetNodes", DuringCapture::kAllowed, [&](Lock&) {
    const std::size_t all = graph->nodes.size();
    for (std::size_t node = 0; nodes != nullptr && node < *count; ++node) {
      nodes[node] = node < all ? reinterpret_cast<cudaGraphNode_t>(&graph->nodes[node]) : nullptr;
    }
    *count = all;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  return call("cudaGraphInstantiate", DuringCapture::kAllowed, [&](Lock&) {
    *exec = new CUgraphExec_st;
    (*exec)->nodes = std::make_shared<const std::vector<GraphNode>>(graph->nodes);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long flags) {
  return cudaGraphInstantiateWithFlags(exec, graph, flags);
}

cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) {
  return call("cudaGraphUpload", DuringCapture::kAllowed, [&](Lock&) { return cudaSuccess; });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle) {
  return call("cudaGraphLaunch", DuringCapture::kAllowed, [&](Lock& lock) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    // "Each launch is ordered behind both any previous work in this stream and any previous launches of this
    // graph."
    // As a node of another graph it is ordered by that graph.
    const std::uint64_t number = stream->capture != nullptr ? 0 : exec->launches->issued++;
    const auto ready = [launches = exec->launches, before = number] { return launches->completed >= before; };
    const auto begin = [nodes = exec->nodes, launches = exec->launches, device = stream->device]() -> Step {
      auto launch = std::make_shared<GraphLaunch>(nodes, device);
      return [launch, launches] {
        if (!launch->look()) return false;
        const Lock inner(machine().mutex);
        ++launches->completed;
        return true;
      };
    };
    return submit(lock, *stream, {"graph", "a graph launch", begin, ready, {}});
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  return call("cudaGraphExecDestroy", DuringCapture::kAllowed, [&](Lock&) {
    delete exec;  // launches that are queued hold its nodes
    return cudaSuccess;
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call("cudaGraphDestroy", DuringCapture::kAllowed, [&](Lock&) {
    delete graph;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGraphMemTrim(int) {
  return call("cudaDeviceGraphMemTrim", DuringCapture::kAllowed, [&](Lock&) { return cudaSuccess; });
}

}  // extern "C"
