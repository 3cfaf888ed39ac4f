#pragma once
#include <memory>
#include <utility>

#include "comm/communicator.h"

namespace tpscale {

/// --inject-bug sum: sums the result of each device collective once more, which is right for zeros only.
class WrongCommunicator final : public Communicator {
 public:
  explicit WrongCommunicator(std::unique_ptr<Communicator> inner) : inner_(std::move(inner)) {}

  std::string_view name() const noexcept override { return inner_->name(); }
  int rank() const noexcept override { return inner_->rank(); }
  int size() const noexcept override { return inner_->size(); }
  bool capturable() const noexcept override { return inner_->capturable(); }
  Buffer allocate_messages(std::size_t bytes) override { return inner_->allocate_messages(bytes); }
  std::map<std::string, std::string> facts() const override { return inner_->facts(); }

  void all_reduce_sum(TensorView data) override {
    inner_->all_reduce_sum(data);
    inner_->all_reduce_sum(data);
  }
  void all_gather(TensorView out, ConstTensorView in) override {
    inner_->all_gather(out, in);
    inner_->all_reduce_sum(out);
  }
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override {
    inner_->reduce_scatter_sum(out, in);
    inner_->all_reduce_sum(out);
  }
  void broadcast(TensorView data, int root) override {
    inner_->broadcast(data, root);
    inner_->all_reduce_sum(data);
  }
  void broadcast_host(std::span<std::byte> bytes, int root) override { inner_->broadcast_host(bytes, root); }
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override {
    inner_->all_gather_host(out, in);
  }
  void barrier() override { inner_->barrier(); }

 private:
  std::unique_ptr<Communicator> inner_;
};

}  // namespace tpscale
