#include "parallel/faults/faulty_communicator.h"

#include <string>

namespace tpscale {

void FaultInjector::instead_of(const char* name, const std::function<void()>& collective) {
  if (++collectives_ != fault_.at) return collective();
  commit(fault_.kind, "in place of collective " + std::to_string(fault_.at) + " (" + name + ")");
  if (fault_.kind != FaultKind::kSkip) collective();  // it was stopped and goes on
}

void FaultyCommunicator::all_reduce_sum(TensorView data) {
  injector_.instead_of("all_reduce", [&] { inner_->all_reduce_sum(data); });
}

void FaultyCommunicator::all_gather(TensorView out, ConstTensorView in) {
  injector_.instead_of("all_gather", [&] { inner_->all_gather(out, in); });
}

void FaultyCommunicator::reduce_scatter_sum(TensorView out, ConstTensorView in) {
  injector_.instead_of("reduce_scatter", [&] { inner_->reduce_scatter_sum(out, in); });
}

void FaultyCommunicator::broadcast(TensorView data, int root) {
  injector_.instead_of("broadcast", [&] { inner_->broadcast(data, root); });
}

void FaultyCommunicator::broadcast_host(std::span<std::byte> bytes, int root) {
  injector_.instead_of("broadcast_host", [&] { inner_->broadcast_host(bytes, root); });
}

void FaultyCommunicator::all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) {
  injector_.instead_of("all_gather_host", [&] { inner_->all_gather_host(out, in); });
}

void FaultyCommunicator::barrier() {
  injector_.instead_of("barrier", [&] { inner_->barrier(); });
}

}  // namespace tpscale
