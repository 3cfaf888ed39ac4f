#pragma once
#include <memory>

#include "backend/backend.h"
#include "comm/communicator.h"
#include "parallel/nccl/message_memory.h"
#include "parallel/nccl/nccl_connection.h"
#include "parallel/nccl/nccl_version.h"
#include "parallel/watchdog/progress.h"
#include "parallel/world.h"

namespace tpscale::nccl {

/// Collectives by NCCL, enqueued on the backend's stream: a device for each rank. What the host agrees on
/// travels by the host's communicator.
///
/// all_reduce: each element is reduced in one place and handed out, or reduced everywhere from the same parts
/// in the same order: all ranks hold the same bits. NCCL rounds a partial sum to the dtype before it travels
/// on: in bf16 and f16 a sum over more than two ranks is rounded more than once.
class NcclCommunicator final : public Communicator, private WaitObserver {
 public:
  /// Collective. Throws NotAvailableError where ranks share a device or hold other versions of NCCL.
  NcclCommunicator(std::unique_ptr<Communicator> host, Backend& backend, const ParallelOptions& options,
                   OperationLog log);
  ~NcclCommunicator() override;

  std::string_view name() const noexcept override { return "nccl"; }
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

  Buffer allocate_messages(std::size_t bytes) override { return messages_.allocate(bytes); }
  std::map<std::string, std::string> facts() const override;

 private:
  void observe(const std::function<void()>& wait) override;
  cudaStream_t stream() const noexcept { return static_cast<cudaStream_t>(backend_.stream().native()); }

  std::unique_ptr<Communicator> host_;
  Backend& backend_;
  OperationLog log_;
  NcclVersion version_;
  int ranks_per_device_;
  NcclConnection connection_;
  MessageMemory messages_;
};

}  // namespace tpscale::nccl
