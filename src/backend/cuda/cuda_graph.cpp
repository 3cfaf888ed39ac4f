#include "backend/cuda/cuda_graph.h"

#include <chrono>
#include <string>

#include "backend/cuda/cuda_error.h"

namespace tpscale::cuda {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::size_t free_bytes() {
  std::size_t free = 0;
  std::size_t total = 0;
  check_cuda(cudaMemGetInfo(&free, &total), "asking for the device's free memory");
  return free;
}

/// What was recorded; needed only until it is instantiated.
struct Recording {
  cudaGraph_t graph = nullptr;
  Recording() = default;
  ~Recording() {
    if (graph != nullptr) cudaGraphDestroy(graph);
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
};

[[noreturn]] void throw_not_recorded(ExitCode code, const std::string& why) {
  throw Error(code, "the step cannot be recorded as a CUDA graph: " + why + "; use --cuda-graphs off");
}

/// Leaves the stream as it was: a capture that is not ended makes every later use of the stream fail.
void give_up(cudaStream_t stream) {
  Recording ignored;
  cudaStreamEndCapture(stream, &ignored.graph);
  cudaGetLastError();
}

void record(cudaStream_t stream, const std::function<void()>& step, Recording& recording) {
  // Thread-local: other threads of the process (a monitor, a watchdog) may go on using CUDA.
  check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "beginning to record a graph");
  try {
    step();
  } catch (const Error& error) {
    give_up(stream);
    throw_not_recorded(error.code(), error.what());
  } catch (...) {
    give_up(stream);
    throw;
  }
  const cudaError_t status = cudaStreamEndCapture(stream, &recording.graph);
  if (status == cudaSuccess) return;
  cudaGetLastError();
  throw_not_recorded(ExitCode::kFailure, cudaGetErrorString(status));
}

}  // namespace

CudaGraph::CudaGraph(CudaStream& stream, const std::function<void()>& step) : stream_(stream) {
  const std::size_t free_before = free_bytes();
  const double start = now();
  Recording recording;
  record(stream_.get(), step, recording);
  const double recorded = now();
  std::size_t nodes = 0;
  check_cuda(cudaGraphGetNodes(recording.graph, nullptr, &nodes), "counting the nodes of a graph");
  const cudaError_t status = cudaGraphInstantiate(&executable_, recording.graph, 0);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw OutOfMemoryError("a CUDA graph of " + std::to_string(nodes) +
                               " nodes does not fit beside what the device holds; leave more memory free or "
                               "use --cuda-graphs off",
                           0, free_bytes());
  }
  check_cuda(status, "instantiating a graph");
  const cudaError_t uploaded = cudaGraphUpload(executable_, stream_.get());
  if (uploaded != cudaSuccess) {
    cudaGraphExecDestroy(executable_);
    check_cuda(uploaded, "bringing a graph to the device");
  }
  stream_.synchronize();
  const std::size_t free_after = free_bytes();
  facts_ = {static_cast<std::int64_t>(nodes), free_before > free_after ? free_before - free_after : 0,
            recorded - start, now() - recorded};
}

CudaGraph::~CudaGraph() {
  cudaGraphExecDestroy(executable_);
}

void CudaGraph::launch() {
  check_cuda(cudaGraphLaunch(executable_, stream_.get()), "launching a graph");
}

}  // namespace tpscale::cuda
