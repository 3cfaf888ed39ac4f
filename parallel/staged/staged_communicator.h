#pragma once
#include <memory>
#include <string>

#include "backend/backend.h"
#include "comm/communicator.h"

namespace tpscale {

/// Device collectives by way of the host: what a rank says is downloaded, a communicator of host memory
/// carries it, the result is uploaded. So ranks may share a device, and every sum has the bits it has on a
/// CPU. Each collective waits for the device: it cannot be captured.
class StagedCommunicator final : public Communicator {
 public:
  StagedCommunicator(std::unique_ptr<Communicator> host, Backend& backend);

  std::string_view name() const noexcept override { return name_; }
  int rank() const noexcept override { return host_->rank(); }
  int size() const noexcept override { return host_->size(); }

  void all_reduce_sum(TensorView data) override;
  void all_gather(TensorView out, ConstTensorView in) override;
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override;
  void broadcast(TensorView data, int root) override;

  void broadcast_host(std::span<std::byte> bytes, int root) override { host_->broadcast_host(bytes, root); }
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override {
    host_->all_gather_host(out, in);
  }
  void barrier() override { host_->barrier(); }

  bool capturable() const noexcept override { return false; }
  std::map<std::string, std::string> facts() const override;

 private:
  std::byte* staging(std::size_t bytes);

  std::unique_ptr<Communicator> host_;
  Backend& backend_;
  std::string name_;
  std::shared_ptr<std::byte[]> memory_;
  std::size_t bytes_ = 0;
};

}  // namespace tpscale
