#include "bench/timing/timed_communicator.h"

namespace tpscale {

void TimedCommunicator::all_reduce_sum(TensorView data) {
  timer_.measure(StepPart::kCollective, [&] { inner_.all_reduce_sum(data); });
}

void TimedCommunicator::all_gather(TensorView out, ConstTensorView in) {
  timer_.measure(StepPart::kCollective, [&] { inner_.all_gather(out, in); });
}

void TimedCommunicator::reduce_scatter_sum(TensorView out, ConstTensorView in) {
  timer_.measure(StepPart::kCollective, [&] { inner_.reduce_scatter_sum(out, in); });
}

void TimedCommunicator::broadcast(TensorView data, int root) {
  timer_.measure(StepPart::kCollective, [&] { inner_.broadcast(data, root); });
}

}  // namespace tpscale
