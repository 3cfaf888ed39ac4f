#include "support/virtual_gpu/runtime/api.h"

// CUDA Runtime API, "Stream Management".
using namespace tpscale::virtual_gpu;

extern "C" {

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int priority) {
  return call("cudaStreamCreateWithPriority", DuringCapture::kAllowed, [&](Lock&) {
    if ((flags & ~static_cast<unsigned>(cudaStreamNonBlocking)) != 0) return cudaErrorInvalidValue;
    *stream = new CUstream_st;
    (*stream)->device = host_thread().device;
    (*stream)->flags = flags;
    (*stream)->priority = priority;
    machine().streams.insert(*stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  if (const int fault = injected_fault("cudaStreamCreateWithFlags"); fault != 0) {
    return remember(static_cast<cudaError_t>(fault));
  }
  return cudaStreamCreateWithPriority(stream, flags, 0);
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return call("cudaStreamDestroy", DuringCapture::kAllowed, [&](Lock&) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr || handle == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->capture != nullptr) {
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    // "the function will return immediately and the resources associated with stream will be released
    // automatically once the device has completed all work in stream"
    stream->destroyed = true;
    if (stream->queue.empty() && !stream->busy) {
      machine().streams.erase(stream);
      delete stream;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return call("cudaStreamSynchronize", DuringCapture::kAllowed, [&](Lock& lock) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->capture !=
        nullptr) {  // "it is invalid to synchronize or query ... a stream which is capturing"
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    if (stream == &machine().devices[static_cast<std::size_t>(stream->device)].default_stream) {
      run_blocking_streams(lock, stream->device);
    }
    run_stream(lock, *stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  return call("cudaStreamQuery", DuringCapture::kAllowed, [&](Lock& lock) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->capture != nullptr) {
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    run_a_little(lock, stream->device, 2);
    return stream->queue.empty() && !stream->busy ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  return call("cudaStreamWaitEvent", DuringCapture::kAllowed, [&](Lock& lock) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr || machine().events.count(event) == 0) return cudaErrorInvalidResourceHandle;
    if (stream->capture != nullptr || event->capture != nullptr) return wait_in_capture(*stream, *event);
    // "captures in event the contents of its most recent cudaEventRecord": later records do not matter.
    const auto ready = [records = event->records, number = event->records->issued] {
      return records->completed >= number;
    };
    return submit(lock, *stream, {"work", "an event wait", once([] {}), ready, {}});
  });
}

cudaError_t cudaStreamGetFlags(cudaStream_t handle, unsigned* flags) {
  return call("cudaStreamGetFlags", DuringCapture::kAllowed, [&](Lock&) {
    const CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    *flags = stream->flags;
    return cudaSuccess;
  });
}

cudaError_t cudaStreamGetPriority(cudaStream_t handle, int* priority) {
  return call("cudaStreamGetPriority", DuringCapture::kAllowed, [&](Lock&) {
    const CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    *priority = stream->priority;
    return cudaSuccess;
  });
}

cudaError_t cudaStreamGetDevice(cudaStream_t handle, int* device) {
  return call("cudaStreamGetDevice", DuringCapture::kAllowed, [&](Lock&) {
    const CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    *device = stream->device;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  return call("cudaDeviceSynchronize", DuringCapture::kForbidden, [&](Lock& lock) {
    run_device(lock, host_thread().device);
    return cudaSuccess;
  });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* data) {
  return call("cudaLaunchHostFunc", DuringCapture::kAllowed, [&](Lock& lock) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    return submit(lock, *stream, {"work", "a host function", once([=] { function(data); }), {}, {}});
  });
}

}  // extern "C"
