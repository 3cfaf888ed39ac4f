#pragma once
#include <mpi.h>

#include <string>
#include <vector>

#include "comm/communicator.h"
#include "parallel/mpi/comm.h"
#include "parallel/mpi/float_sum.h"
#include "parallel/watchdog/progress.h"

namespace tpscale::mpi {

/// Collectives by MPI itself: the reference arm on one host, and the way between hosts. Host memory only.
class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator(std::string name, Comm comm, OperationLog log);

  std::string_view name() const noexcept override { return name_; }
  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return size_; }

  void all_reduce_sum(TensorView data) override;
  void all_gather(TensorView out, ConstTensorView in) override;
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override;
  void broadcast(TensorView data, int root) override;
  void broadcast_host(std::span<std::byte> bytes, int root) override;
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override;
  void barrier() override;

  MPI_Comm comm() const noexcept { return comm_.get(); }

 private:
  void gather_bytes(std::byte* out, std::span<const std::byte> in);

  std::string name_;
  Comm comm_;
  OperationLog log_;
  int rank_;
  int size_;
  FloatSum sum_;
};

}  // namespace tpscale::mpi
