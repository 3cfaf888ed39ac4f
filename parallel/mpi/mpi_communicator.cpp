#include "parallel/mpi/mpi_communicator.h"

#include <cstring>
#include <utility>

#include "core/check.h"
#include "parallel/mpi/call.h"

namespace tpscale::mpi {

MpiCommunicator::MpiCommunicator(std::string name, Comm comm, OperationLog log)
    : name_(std::move(name)),
      comm_(std::move(comm)),
      log_(log),
      rank_(comm_.rank()),
      size_(comm_.size()),
      sum_(size_) {}

void MpiCommunicator::all_reduce_sum(TensorView data) {
  check(data.contiguous(), "all_reduce takes a contiguous tensor");
  const auto scope = log_.begin(Operation::kAllReduce, data.bytes());
  const auto count = static_cast<std::size_t>(data.size());
  const bool widens = sum_.widens(data.dtype);
  void* message = widens ? sum_.widened(data.dtype, data.data, count) : data.data;
  require(MPI_Allreduce(MPI_IN_PLACE, message, count_of(count), sum_.type(data.dtype),
                        sum_.operation(data.dtype), comm_.get()),
          "MPI_Allreduce");
  if (widens) FloatSum::narrow(data.dtype, data.data, static_cast<const float*>(message), count);
}

void MpiCommunicator::gather_bytes(std::byte* out, std::span<const std::byte> in) {
  const bool in_place = out + static_cast<std::size_t>(rank_) * in.size() == in.data();
  require(MPI_Allgather(in_place ? MPI_IN_PLACE : in.data(), count_of(in.size()), MPI_BYTE, out,
                        count_of(in.size()), MPI_BYTE, comm_.get()),
          "MPI_Allgather");
}

void MpiCommunicator::all_gather(TensorView out, ConstTensorView in) {
  check(out.contiguous() && in.contiguous(), "all_gather takes contiguous tensors");
  check(out.bytes() == in.bytes() * static_cast<std::size_t>(size_) && out.dtype == in.dtype,
        "all_gather's output holds the input of every rank");
  const auto scope = log_.begin(Operation::kAllGather, out.bytes());
  gather_bytes(static_cast<std::byte*>(out.data), {static_cast<const std::byte*>(in.data), in.bytes()});
}

void MpiCommunicator::reduce_scatter_sum(TensorView out, ConstTensorView in) {
  check(out.contiguous() && in.contiguous(), "reduce_scatter takes contiguous tensors");
  check(in.bytes() == out.bytes() * static_cast<std::size_t>(size_) && out.dtype == in.dtype,
        "reduce_scatter's input holds the output of every rank");
  const auto scope = log_.begin(Operation::kReduceScatter, in.bytes());
  const auto count = static_cast<std::size_t>(out.size());
  const bool widens = sum_.widens(out.dtype);
  const void* message =
      widens ? sum_.widened(in.dtype, in.data, static_cast<std::size_t>(in.size())) : in.data;
  // Through memory of our own: MPI takes no output that is a part of the input.
  std::byte* result = sum_.scratch(count * (widens ? sizeof(float) : size_of(out.dtype)));
  require(MPI_Reduce_scatter_block(message, result, count_of(count), sum_.type(in.dtype),
                                   sum_.operation(in.dtype), comm_.get()),
          "MPI_Reduce_scatter_block");
  if (widens) {
    FloatSum::narrow(out.dtype, out.data, reinterpret_cast<const float*>(result), count);
  } else {
    std::memcpy(out.data, result, out.bytes());
  }
}

void MpiCommunicator::broadcast(TensorView data, int root) {
  check(data.contiguous(), "broadcast takes a contiguous tensor");
  const auto scope = log_.begin(Operation::kBroadcast, data.bytes());
  require(MPI_Bcast(data.data, count_of(data.bytes()), MPI_BYTE, root, comm_.get()), "MPI_Bcast");
}

void MpiCommunicator::broadcast_host(std::span<std::byte> bytes, int root) {
  const auto scope = log_.begin(Operation::kBroadcastHost, bytes.size());
  require(MPI_Bcast(bytes.data(), count_of(bytes.size()), MPI_BYTE, root, comm_.get()), "MPI_Bcast");
}

void MpiCommunicator::all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) {
  check(out.size() == in.size() * static_cast<std::size_t>(size_),
        "all_gather_host's output holds the input of every rank");
  const auto scope = log_.begin(Operation::kAllGatherHost, out.size());
  gather_bytes(out.data(), in);
}

void MpiCommunicator::barrier() {
  const auto scope = log_.begin(Operation::kBarrier, 0);
  require(MPI_Barrier(comm_.get()), "MPI_Barrier");
}

}  // namespace tpscale::mpi
