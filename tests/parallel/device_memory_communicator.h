#pragma once
#include <utility>

#include "backend/backend.h"
#include "comm/communicator.h"

namespace tpscale::test {

/// Lets tests that hold tensors in host memory ask a communicator that works on device memory: every tensor
/// is copied to the device, the collective enqueued, the result copied back. The opposite of a staged one.
class DeviceMemoryCommunicator final : public Communicator {
 public:
  DeviceMemoryCommunicator(Communicator& inner, Backend& backend) : inner_(inner), backend_(backend) {}

  std::string_view name() const noexcept override { return inner_.name(); }
  int rank() const noexcept override { return inner_.rank(); }
  int size() const noexcept override { return inner_.size(); }

  void all_reduce_sum(TensorView data) override {
    const TensorView there = on_device(data, place(data.bytes()));
    inner_.all_reduce_sum(there);
    backend_.download(data.data, there.data, data.bytes());
  }
  void all_gather(TensorView out, ConstTensorView in) override {
    const auto [large, small] = both(out, in);
    inner_.all_gather(large, small);
    backend_.download(out.data, large.data, out.bytes());
  }
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override {
    const auto [large, small] = both(in, out);
    inner_.reduce_scatter_sum(small, large);
    backend_.download(out.data, small.data, out.bytes());
  }
  void broadcast(TensorView data, int root) override {
    const TensorView there = on_device(data, place(data.bytes()));
    inner_.broadcast(there, root);
    backend_.download(data.data, there.data, data.bytes());
  }
  void broadcast_host(std::span<std::byte> bytes, int root) override { inner_.broadcast_host(bytes, root); }
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override {
    inner_.all_gather_host(out, in);
  }
  void barrier() override { inner_.barrier(); }

 private:
  std::byte* place(std::size_t bytes) {
    if (bytes >= memory_.bytes()) {
      memory_ = Buffer();
      memory_ = backend_.allocate(2 * bytes + 256, MemoryKind::kActivations);
    }
    return memory_.as<std::byte>();
  }
  TensorView on_device(ConstTensorView host, std::byte* at) {
    if (host.bytes() > 0) backend_.upload(at, host.data, host.bytes());
    return {at, host.dtype, host.rows, host.cols};
  }
  /// The small one lies in the large one, or behind it.
  std::pair<TensorView, TensorView> both(ConstTensorView large, ConstTensorView small) {
    const std::size_t behind = (large.bytes() + 255) / 256 * 256;
    std::byte* at = place(behind + small.bytes());
    const auto inside = static_cast<const std::byte*>(small.data) - static_cast<const std::byte*>(large.data);
    const bool in_place = inside >= 0 && static_cast<std::size_t>(inside) < large.bytes();
    const TensorView there = on_device(large, at);
    if (!in_place) return {there, on_device(small, at + behind)};
    return {there, {at + inside, small.dtype, small.rows, small.cols}};
  }

  Communicator& inner_;
  Backend& backend_;
  Buffer memory_;
};

}  // namespace tpscale::test
