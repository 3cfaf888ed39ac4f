#include "support/virtual_gpu/runtime/capture.h"

#include <algorithm>

#include "support/virtual_gpu/runtime/machine.h"

namespace tpscale::virtual_gpu {
namespace {

bool forbids(const Capture& capture) {
  const cudaStreamCaptureMode interaction = host_thread().capture_mode;
  if (interaction == cudaStreamCaptureModeRelaxed || capture.mode == cudaStreamCaptureModeRelaxed)
    return false;
  if (capture.thread == std::this_thread::get_id()) return true;
  return interaction == cudaStreamCaptureModeGlobal && capture.mode == cudaStreamCaptureModeGlobal;
}

void finish(const std::shared_ptr<Capture>& capture) {
  capture->ended = true;
  for (CUstream_st* stream : capture->streams) {
    stream->capture = nullptr;
    stream->capture_tail.clear();
  }
  std::erase(machine().captures, capture);
}

/// Every forked stream's last work must lie before the origin's last work.
bool joined(const Capture& capture) {
  const auto& nodes = capture.graph.nodes;
  std::vector<char> before_end(nodes.size(), 0);
  for (int node : capture.origin->capture_tail) before_end[static_cast<std::size_t>(node)] = 1;
  for (std::size_t node = nodes.size(); node-- > 0;) {
    if (before_end[node] == 0) continue;
    for (int earlier : nodes[node].after) before_end[static_cast<std::size_t>(earlier)] = 1;
  }
  return std::all_of(before_end.begin(), before_end.end(), [](char reached) { return reached != 0; });
}

void add_missing(std::vector<int>& to, const std::vector<int>& from) {
  for (int node : from) {
    if (std::find(to.begin(), to.end(), node) == to.end()) to.push_back(node);
  }
}

}  // namespace

cudaError_t add_to_capture(CUstream_st& stream, Operation operation) {
  Capture& capture = *stream.capture;
  if (capture.invalid) return cudaErrorStreamCaptureInvalidated;
  capture.graph.nodes.push_back({std::move(operation), stream.capture_tail});
  stream.capture_tail = {static_cast<int>(capture.graph.nodes.size()) - 1};
  return cudaSuccess;
}

cudaError_t begin_capture(CUstream_st& stream, cudaStreamCaptureMode mode) {
  static unsigned long long captures_so_far = 0;
  const auto& device = machine().devices[static_cast<std::size_t>(stream.device)];
  // cudaStreamBeginCapture: "Capture must be ended on the same stream in which it was initiated, and it may
  // only be initiated if the stream is not already in capture mode"; not on the legacy stream.
  if (&stream == &device.default_stream) return cudaErrorStreamCaptureUnsupported;
  if (stream.capture != nullptr) return cudaErrorIllegalState;
  auto capture = std::make_shared<Capture>();
  capture->id = ++captures_so_far;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->origin = &stream;
  capture->streams = {&stream};
  stream.capture = capture;
  stream.capture_tail.clear();
  machine().captures.push_back(std::move(capture));
  return cudaSuccess;
}

cudaError_t end_capture(CUstream_st& stream, cudaGraph_t* graph) {
  *graph = nullptr;
  const std::shared_ptr<Capture> capture = stream.capture;
  if (capture == nullptr) return cudaErrorIllegalState;
  if (capture->origin != &stream) {
    capture->invalid = true;
    return cudaErrorStreamCaptureUnmatched;
  }
  // "If cudaStreamCaptureModeRelaxed was not used, must be called from the thread that began it".
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id()) {
    capture->invalid = true;
    return cudaErrorStreamCaptureWrongThread;
  }
  // "If the capture has been invalidated ... then a NULL graph will be returned."
  cudaError_t error = capture->invalid ? cudaErrorStreamCaptureInvalidated : cudaSuccess;
  if (error == cudaSuccess && !joined(*capture)) error = cudaErrorStreamCaptureUnjoined;
  finish(capture);
  if (error == cudaSuccess) *graph = new CUgraph_st(std::move(capture->graph));
  return error;
}

bool unsafe_calls_forbidden() {
  const auto& captures = machine().captures;
  return std::any_of(captures.begin(), captures.end(), [](const auto& capture) { return forbids(*capture); });
}

void invalidate_captures() {
  for (const auto& capture : machine().captures) {
    if (forbids(*capture)) capture->invalid = true;
  }
}

bool any_blocking_capture(int device) {
  const auto& captures = machine().captures;
  return std::any_of(captures.begin(), captures.end(), [&](const auto& capture) {
    return std::any_of(capture->streams.begin(), capture->streams.end(), [&](const CUstream_st* stream) {
      return stream->device == device && (stream->flags & cudaStreamNonBlocking) == 0;
    });
  });
}

cudaError_t record_in_capture(CUevent_st& event, CUstream_st& stream) {
  if (stream.capture->invalid) return cudaErrorStreamCaptureInvalidated;
  event.capture = stream.capture;
  event.capture_tail = stream.capture_tail;
  return cudaSuccess;
}

cudaError_t wait_in_capture(CUstream_st& stream, CUevent_st& event) {
  if (event.capture == nullptr) {  // "dependency on an uncaptured event" (cudaErrorStreamCaptureIsolation)
    if (event.records->issued == 0) return cudaSuccess;  // never recorded: a no-op
    stream.capture->invalid = true;
    return cudaErrorStreamCaptureIsolation;
  }
  if (event.capture->ended) return cudaErrorCapturedEvent;
  if (stream.capture != nullptr && stream.capture != event.capture) {
    stream.capture->invalid = event.capture->invalid = true;
    return cudaErrorStreamCaptureMerge;
  }
  if (event.capture->invalid) return cudaErrorStreamCaptureInvalidated;
  if (stream.capture == nullptr) {  // a fork: the stream takes part in the event's capture from now on
    stream.capture = event.capture;
    stream.capture->streams.insert(&stream);
    stream.capture_tail.clear();
  }
  add_missing(stream.capture_tail, event.capture_tail);
  return cudaSuccess;
}

}  // namespace tpscale::virtual_gpu
