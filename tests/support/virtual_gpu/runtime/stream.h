#pragma once
#include <driver_types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/virtual_gpu/stand_in.h"

namespace tpscale::virtual_gpu {

struct Capture;

/// Work of a stream, or of a graph's node.
struct Operation {
  const char* kind = "work";  ///< kernel, copy, graph, work: what VIRTUAL_GPU_FAIL calls it
  std::string name;
  std::function<Step()> begin;
  std::function<bool()> ready;  ///< whether it may begin; empty: at once
  Step step;                    ///< while it is under way
};

/// Work that is done in one go.
std::function<Step()> once(std::function<void()> work);

}  // namespace tpscale::virtual_gpu

/// A queue whose work runs when somebody waits for it, or at moments drawn from the seed.
struct CUstream_st {
  int device = 0;
  unsigned flags = 0;
  int priority = 0;
  bool busy = false;  ///< a host thread runs its front
  bool destroyed = false;
  std::uint64_t queued = 0;
  std::uint64_t finished = 0;
  std::deque<tpscale::virtual_gpu::Operation> queue;
  std::shared_ptr<tpscale::virtual_gpu::Capture> capture;
  std::vector<int> capture_tail;  ///< nodes that the next captured operation comes after
};

/// CUDA Runtime API, "Event Management": an event stands for the work of its last record.
struct CUevent_st {
  unsigned flags = 0;
  struct Records {
    std::uint64_t issued = 0;
    std::uint64_t completed = 0;
    double seconds = 0.0;  ///< when the last one completed
    int device = 0;
  };
  std::shared_ptr<Records> records = std::make_shared<Records>();
  std::shared_ptr<tpscale::virtual_gpu::Capture> capture;  ///< where it was last recorded in a capture
  std::vector<int> capture_tail;
};
