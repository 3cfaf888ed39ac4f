#pragma once
#include "bench/timing/step_timer.h"
#include "comm/communicator.h"

namespace tpscale {

/// A communicator that hands every call on and times the device collectives. The time of a rank includes its
/// waiting for the slower ones. Host agreement is not timed: no step of an offline run has any.
class TimedCommunicator final : public Communicator {
 public:
  TimedCommunicator(Communicator& inner, StepTimer& timer) : inner_(inner), timer_(timer) {}

  std::string_view name() const noexcept override { return inner_.name(); }
  int rank() const noexcept override { return inner_.rank(); }
  int size() const noexcept override { return inner_.size(); }
  bool capturable() const noexcept override { return inner_.capturable(); }
  Buffer allocate_messages(std::size_t bytes) override { return inner_.allocate_messages(bytes); }
  std::map<std::string, std::string> facts() const override { return inner_.facts(); }
  void all_reduce_sum(TensorView data) override;
  void all_gather(TensorView out, ConstTensorView in) override;
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override;
  void broadcast(TensorView data, int root) override;
  void broadcast_host(std::span<std::byte> bytes, int root) override { inner_.broadcast_host(bytes, root); }
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override {
    inner_.all_gather_host(out, in);
  }
  void barrier() override { inner_.barrier(); }

 private:
  Communicator& inner_;
  StepTimer& timer_;
};

}  // namespace tpscale
