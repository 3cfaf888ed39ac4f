#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "comm/communicator.h"
#include "parallel/faults/fault.h"

namespace tpscale {

/// Counts the collectives of one rank over all groups of a launch, and commits its fault when it is time.
///
/// What counts: every call of one of Communicator's seven collectives, of the device and of the host, on a
/// group of any size; in an engine that replays graphs those within are called once, when they are recorded.
/// What a World does (parking, agreement of the whole launch) does not count. The same launch has the same
/// count each time, as long as nothing in it depends on the clock (--precision does).
class FaultInjector {
 public:
  explicit FaultInjector(const Fault& fault) noexcept : fault_(fault) {}

  /// Called in place of a collective. Runs `collective`, or commits the fault.
  void instead_of(const char* name, const std::function<void()>& collective);
  const Fault& fault() const noexcept { return fault_; }
  std::int64_t collectives() const noexcept { return collectives_; }  ///< so far
  bool reached() const noexcept { return collectives_ >= fault_.at; }

 private:
  Fault fault_;
  std::int64_t collectives_ = 0;
};

/// A communicator that hands every call on, but for the fault that `injector` puts in place of one.
class FaultyCommunicator final : public Communicator {
 public:
  FaultyCommunicator(std::unique_ptr<Communicator> inner, FaultInjector& injector)
      : inner_(std::move(inner)), injector_(injector) {}

  std::string_view name() const noexcept override { return inner_->name(); }
  int rank() const noexcept override { return inner_->rank(); }
  int size() const noexcept override { return inner_->size(); }
  bool capturable() const noexcept override { return inner_->capturable(); }
  Buffer allocate_messages(std::size_t bytes) override { return inner_->allocate_messages(bytes); }
  std::map<std::string, std::string> facts() const override { return inner_->facts(); }

  void all_reduce_sum(TensorView data) override;
  void all_gather(TensorView out, ConstTensorView in) override;
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override;
  void broadcast(TensorView data, int root) override;
  void broadcast_host(std::span<std::byte> bytes, int root) override;
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override;
  void barrier() override;

 private:
  std::unique_ptr<Communicator> inner_;
  FaultInjector& injector_;
};

}  // namespace tpscale
