#pragma once
#include <memory>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "parallel/exchange/exchange.h"
#include "parallel/watchdog/progress.h"

namespace tpscale {

/// Collectives of ranks that share memory, over an Exchange. Host memory only.
///
/// all_reduce of n ranks and S bytes: up to kOneShotBytes every rank writes S and reads (n-1) S, in one step;
/// above it ranks reduce a slice each and hand out the result (two steps, 2 S (n-1)/n written and read).
class ExchangeCommunicator final : public Communicator {
 public:
  /// What a rank can say in one step. 1 MiB is no faster, 256 KiB 10 % slower from 512 KiB on.
  static constexpr std::size_t kAreaBytes = std::size_t{512} << 10;

  /// `memory` owns what `exchange` lies in, or is empty where somebody else sees to that.
  ExchangeCommunicator(std::string name, Exchange exchange, OperationLog log,
                       std::shared_ptr<const void> memory = {});

  std::string_view name() const noexcept override { return name_; }
  int rank() const noexcept override { return exchange_.rank(); }
  int size() const noexcept override { return exchange_.ranks(); }

  void all_reduce_sum(TensorView data) override;
  void all_gather(TensorView out, ConstTensorView in) override;
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override;
  void broadcast(TensorView data, int root) override;
  void broadcast_host(std::span<std::byte> bytes, int root) override;
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override;
  void barrier() override;

  void poison() noexcept { exchange_.poison(); }

 private:
  void reduce_in_one_shot(Dtype dtype, std::byte* data, std::size_t bytes);
  void reduce_in_two_shots(Dtype dtype, std::byte* data, std::size_t bytes);
  void copy_from_root(std::span<std::byte> bytes, int root, std::uint64_t tag);
  void gather_bytes(std::byte* out, std::span<const std::byte> in, std::uint64_t tag);

  std::string name_;
  std::shared_ptr<const void> memory_;
  Exchange exchange_;
  OperationLog log_;
  std::vector<const void*> parts_;  ///< by rank: what is being summed
};

}  // namespace tpscale
