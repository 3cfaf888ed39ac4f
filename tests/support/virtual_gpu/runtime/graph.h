#pragma once
#include <driver_types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "support/virtual_gpu/runtime/stream.h"

namespace tpscale::virtual_gpu {

struct GraphNode {
  Operation operation;
  std::vector<int> after;  ///< nodes it waits for
};

/// One launch of a graph: its nodes in an order drawn from the seed that respects what waits for what.
class GraphLaunch {
 public:
  GraphLaunch(std::shared_ptr<const std::vector<GraphNode>> nodes, int device);
  bool look();  ///< goes on; whether all is done

 private:
  bool ready(std::size_t node) const;

  std::shared_ptr<const std::vector<GraphNode>> nodes_;
  int device_;
  std::vector<char> done_;
  std::size_t left_;
  int current_ = -1;
  Step step_;
};

}  // namespace tpscale::virtual_gpu

struct CUgraph_st {
  std::vector<tpscale::virtual_gpu::GraphNode> nodes;
};

/// Cannot be changed after instantiation, and stays until its last launch has ended.
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<tpscale::virtual_gpu::GraphNode>> nodes;
  struct Launches {
    std::uint64_t issued = 0;
    std::uint64_t completed = 0;
  };
  std::shared_ptr<Launches> launches = std::make_shared<Launches>();
};
