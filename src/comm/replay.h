#pragma once
#include "comm/communicator.h"

namespace tpscale {

/// Stands in for a group of `size` ranks of which only this one exists: no message is sent and nobody is
/// waited for. A shard of a model runs on it exactly as it would in the group, all-reduces left out. What the
/// others would have given is missing, so tokens mean nothing; shapes, memory and work are those of a true
/// rank. Gathers and scatters must be in place.
class ReplayCommunicator final : public Communicator {
 public:
  ReplayCommunicator(int rank, int size);

  std::string_view name() const noexcept override { return "replay"; }
  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return size_; }
  void all_reduce_sum(TensorView) override {}
  void all_gather(TensorView out, ConstTensorView in) override;
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override;
  void broadcast(TensorView, int) override {}
  /// The only rank there is has decided.
  void broadcast_host(std::span<std::byte>, int) override {}
  /// Every rank says what this one does.
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override;
  void barrier() override {}

 private:
  int rank_;
  int size_;
};

}  // namespace tpscale
