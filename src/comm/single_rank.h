#pragma once
#include "comm/communicator.h"

namespace tpscale {

/// The group of one: every collective is the identity. Stands where a communicator is expected, so that
/// nobody asks whether there is one.
class SingleRank final : public Communicator {
 public:
  std::string_view name() const noexcept override { return "single"; }
  int rank() const noexcept override { return 0; }
  int size() const noexcept override { return 1; }
  void all_reduce_sum(TensorView) override {}
  void all_gather(TensorView out, ConstTensorView in) override;
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override;
  void broadcast(TensorView, int) override {}
  void broadcast_host(std::span<std::byte>, int) override {}
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override;
  void barrier() override {}
};

}  // namespace tpscale
