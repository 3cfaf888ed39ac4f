#include <chrono>

#include "support/virtual_gpu/runtime/api.h"

// CUDA Runtime API, "Event Management".
using namespace tpscale::virtual_gpu;

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// "cudaErrorCapturedEvent: the operation is not permitted on an event which was last recorded in a capturing
/// stream".
cudaError_t refuse_captured(CUevent_st& event) {
  if (event.capture == nullptr) return cudaSuccess;
  event.capture->invalid = true;
  return cudaErrorCapturedEvent;
}

bool completed(const CUevent_st& event) {
  return event.records->completed >= event.records->issued;
}

}  // namespace

extern "C" {

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call("cudaEventCreateWithFlags", DuringCapture::kAllowed, [&](Lock&) {
    *event = new CUevent_st;
    (*event)->flags = flags;
    (*event)->records->device = host_thread().device;
    machine().events.insert(*event);
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call("cudaEventDestroy", DuringCapture::kAllowed, [&](Lock&) {
    if (machine().events.erase(event) == 0) return cudaErrorInvalidResourceHandle;
    delete event;  // waits for it that are queued hold its records
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t handle, unsigned) {
  return call("cudaEventRecord", DuringCapture::kAllowed, [&](Lock& lock) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr || machine().events.count(event) == 0) return cudaErrorInvalidResourceHandle;
    if (stream->device != event->records->device) return cudaErrorInvalidResourceHandle;
    if (stream->capture != nullptr) return record_in_capture(*event, *stream);
    event->capture = nullptr;
    const auto complete = [records = event->records, number = ++event->records->issued] {
      const Lock inner(machine().mutex);
      if (number < records->completed) return;
      records->completed = number;
      records->seconds = now();
    };
    return submit(lock, *stream, {"work", "an event record", once(complete), {}, {}});
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault);
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call("cudaEventQuery", DuringCapture::kAllowed, [&](Lock& lock) {
    if (machine().events.count(event) == 0) return cudaErrorInvalidResourceHandle;
    if (const cudaError_t refused = refuse_captured(*event); refused != cudaSuccess) return refused;
    if (!completed(*event)) run_a_little(lock, event->records->device, 2);
    return completed(*event) ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call("cudaEventSynchronize", DuringCapture::kAllowed, [&](Lock& lock) {
    if (machine().events.count(event) == 0) return cudaErrorInvalidResourceHandle;
    if (const cudaError_t refused = refuse_captured(*event); refused != cudaSuccess) return refused;
    run_until(
        lock, event->records->device, nullptr,
        [records = event->records, number = event->records->issued] { return records->completed >= number; });
    return cudaSuccess;
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return call("cudaEventElapsedTime", DuringCapture::kAllowed, [&](Lock&) {
    if (machine().events.count(start) == 0 || machine().events.count(end) == 0)
      return cudaErrorInvalidResourceHandle;
    const bool untimed = ((start->flags | end->flags) & cudaEventDisableTiming) != 0;
    if (untimed || start->records->issued == 0 || end->records->issued == 0)
      return cudaErrorInvalidResourceHandle;
    if (!completed(*start) || !completed(*end)) return cudaErrorNotReady;
    *milliseconds = static_cast<float>((end->records->seconds - start->records->seconds) * 1e3);
    return cudaSuccess;
  });
}

}  // extern "C"
