#pragma once
#include <cuda_runtime_api.h>

#include <functional>
#include <memory>

#include "backend/backend.h"
#include "backend/cuda/cuda_stream.h"

namespace tpscale::cuda {

/// A step as a CUDA graph, launched on the stream it was recorded from.
class CudaGraph final : public StepGraph {
 public:
  /// Records what `step` enqueues on `stream`. Throws what `step` throws, as an Error that says that the step
  /// could not be recorded; the stream works as before then.
  CudaGraph(CudaStream& stream, const std::function<void()>& step);
  ~CudaGraph() override;
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  void launch() override;
  StepGraphFacts facts() const override { return facts_; }

 private:
  CudaStream& stream_;
  cudaGraphExec_t executable_ = nullptr;
  StepGraphFacts facts_;
};

}  // namespace tpscale::cuda
