#include "parallel/nccl/nccl_communicator.h"

#include <utility>

#include "core/check.h"
#include "parallel/nccl/requirements.h"

namespace tpscale::nccl {
namespace {

ncclDataType_t type_of(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::kBF16:
      return ncclBfloat16;
    case Dtype::kF16:
      return ncclFloat16;
    case Dtype::kF32:
      break;
  }
  return ncclFloat32;
}

std::size_t elements(const ConstTensorView& tensor) noexcept {
  return static_cast<std::size_t>(tensor.size());
}

}  // namespace

NcclCommunicator::NcclCommunicator(std::unique_ptr<Communicator> host, Backend& backend,
                                   const ParallelOptions& options, OperationLog log)
    : host_(std::move(host)),
      backend_(backend),
      log_(log),
      version_(NcclVersion::loaded()),
      ranks_per_device_(require_usable(*host_, backend, version_, options.nccl_ranks_per_gpu)),
      connection_(*host_, log_),
      messages_(connection_, *host_, backend, options.nccl_symmetric, version_) {
  backend_.stream().set_wait_observer(this);
}

NcclCommunicator::~NcclCommunicator() {
  try {
    if (!connection_.unwinding()) backend_.stream().synchronize();  // NCCL is not to be left while it works
  } catch (const std::exception&) {  // then the connection is aborted or its device is lost
  }
  backend_.stream().set_wait_observer(nullptr);
}

void NcclCommunicator::all_reduce_sum(TensorView data) {
  check(data.contiguous(), "all_reduce takes a contiguous tensor");
  if (data.size() == 0) return;
  const auto scope = log_.begin(Operation::kAllReduce, data.bytes());
  connection_.call("ncclAllReduce", [&](ncclComm_t comm) {
    return ncclAllReduce(data.data, data.data, elements(data), type_of(data.dtype), ncclSum, comm, stream());
  });
}

void NcclCommunicator::all_gather(TensorView out, ConstTensorView in) {
  check(out.contiguous() && in.contiguous(), "all_gather takes contiguous tensors");
  check(out.bytes() == in.bytes() * static_cast<std::size_t>(size()) && out.dtype == in.dtype,
        "all_gather's output holds the input of every rank");
  if (in.size() == 0) return;
  const auto scope = log_.begin(Operation::kAllGather, out.bytes());
  connection_.call("ncclAllGather", [&](ncclComm_t comm) {
    return ncclAllGather(in.data, out.data, elements(in), type_of(in.dtype), comm, stream());
  });
}

void NcclCommunicator::reduce_scatter_sum(TensorView out, ConstTensorView in) {
  check(out.contiguous() && in.contiguous(), "reduce_scatter takes contiguous tensors");
  check(in.bytes() == out.bytes() * static_cast<std::size_t>(size()) && out.dtype == in.dtype,
        "reduce_scatter's input holds the output of every rank");
  if (out.size() == 0) return;
  const auto scope = log_.begin(Operation::kReduceScatter, in.bytes());
  connection_.call("ncclReduceScatter", [&](ncclComm_t comm) {
    return ncclReduceScatter(in.data, out.data, elements(out), type_of(out.dtype), ncclSum, comm, stream());
  });
}

void NcclCommunicator::broadcast(TensorView data, int root) {
  check(data.contiguous(), "broadcast takes a contiguous tensor");
  if (data.size() == 0) return;
  const auto scope = log_.begin(Operation::kBroadcast, data.bytes());
  connection_.call("ncclBroadcast", [&](ncclComm_t comm) {
    return ncclBroadcast(data.data, data.data, elements(data), type_of(data.dtype), root, comm, stream());
  });
}

void NcclCommunicator::observe(const std::function<void()>& wait) {
  {
    const auto scope = log_.wait(Operation::kDeviceWait);
    wait();
  }
  connection_.check_alive();
}

std::map<std::string, std::string> NcclCommunicator::facts() const {
  return {{"nccl", version_.text()},
          {"nccl_symmetric", messages_.state()},
          {"nccl_ranks_per_gpu", std::to_string(ranks_per_device_)}};
}

}  // namespace tpscale::nccl
