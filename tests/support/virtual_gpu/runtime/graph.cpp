#include "support/virtual_gpu/runtime/graph.h"

#include <algorithm>

#include "support/virtual_gpu/runtime/random.h"
#include "support/virtual_gpu/runtime/scheduler.h"

namespace tpscale::virtual_gpu {

GraphLaunch::GraphLaunch(std::shared_ptr<const std::vector<GraphNode>> nodes, int device)
    : nodes_(std::move(nodes)), device_(device), done_(nodes_->size(), 0), left_(nodes_->size()) {}

bool GraphLaunch::ready(std::size_t node) const {
  const auto& after = (*nodes_)[node].after;
  return done_[node] == 0 && std::all_of(after.begin(), after.end(), [&](int other) {
           return done_[static_cast<std::size_t>(other)] != 0;
         });
}

bool GraphLaunch::look() {
  while (left_ > 0) {
    if (current_ < 0) {
      std::vector<int> choices;
      // Nodes are stored in the order of their capture, so the first that is not done is always ready; beyond
      // the next few there is nothing to be learnt from another order.
      for (std::size_t node = 0; node < nodes_->size() && choices.size() < 4; ++node) {
        if (ready(node)) choices.push_back(static_cast<int>(node));
        if (!choices.empty() && static_cast<int>(node) > choices.front() + 64) break;
      }
      current_ = choices[draw_below(static_cast<std::uint32_t>(choices.size()))];
      step_ = begin((*nodes_)[static_cast<std::size_t>(current_)].operation, device_);
    }
    if (!step_()) return false;
    done_[static_cast<std::size_t>(current_)] = 1;
    current_ = -1;
    --left_;
  }
  return true;
}

}  // namespace tpscale::virtual_gpu
