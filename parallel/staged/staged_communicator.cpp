#include "parallel/staged/staged_communicator.h"

#include <bit>
#include <utility>

#include "core/check.h"

namespace tpscale {
namespace {

/// The same tensor, but at `host`.
TensorView staged(ConstTensorView tensor, std::byte* host) {
  return {host, tensor.dtype, tensor.rows, tensor.cols};
}

}  // namespace

StagedCommunicator::StagedCommunicator(std::unique_ptr<Communicator> host, Backend& backend)
    : host_(std::move(host)), backend_(backend), name_(std::string(host_->name()) + "-staged") {}

std::byte* StagedCommunicator::staging(std::size_t bytes) {
  if (bytes > bytes_) {
    bytes_ = std::bit_ceil(bytes);
    memory_ = backend_.host_memory(bytes_);
  }
  return memory_.get();
}

void StagedCommunicator::all_reduce_sum(TensorView data) {
  check(data.contiguous(), "all_reduce takes a contiguous tensor");
  if (data.size() == 0) return;
  std::byte* at = staging(data.bytes());
  backend_.download(at, data.data, data.bytes());
  host_->all_reduce_sum(staged(data, at));
  backend_.upload(data.data, at, data.bytes());
}

void StagedCommunicator::all_gather(TensorView out, ConstTensorView in) {
  check(out.contiguous() && in.contiguous(), "all_gather takes contiguous tensors");
  check(out.bytes() == in.bytes() * static_cast<std::size_t>(size()) && out.dtype == in.dtype,
        "all_gather's output holds the input of every rank");
  if (out.size() == 0) return;
  std::byte* at = staging(out.bytes());
  std::byte* own = at + static_cast<std::size_t>(rank()) * in.bytes();
  backend_.download(own, in.data, in.bytes());
  host_->all_gather(staged(out, at), staged(in, own));
  backend_.upload(out.data, at, out.bytes());
}

void StagedCommunicator::reduce_scatter_sum(TensorView out, ConstTensorView in) {
  check(out.contiguous() && in.contiguous(), "reduce_scatter takes contiguous tensors");
  check(in.bytes() == out.bytes() * static_cast<std::size_t>(size()) && out.dtype == in.dtype,
        "reduce_scatter's input holds the output of every rank");
  if (in.size() == 0) return;
  std::byte* at = staging(in.bytes());
  std::byte* own = at + static_cast<std::size_t>(rank()) * out.bytes();
  backend_.download(at, in.data, in.bytes());
  host_->reduce_scatter_sum(staged(out, own), staged(in, at));
  backend_.upload(out.data, own, out.bytes());
}

void StagedCommunicator::broadcast(TensorView data, int root) {
  check(data.contiguous(), "broadcast takes a contiguous tensor");
  if (data.size() == 0) return;
  std::byte* at = staging(data.bytes());
  if (rank() == root) backend_.download(at, data.data, data.bytes());
  host_->broadcast(staged(data, at), root);
  if (rank() != root) backend_.upload(data.data, at, data.bytes());
}

std::map<std::string, std::string> StagedCommunicator::facts() const {
  auto facts = host_->facts();
  facts["collectives"] = "staged through host memory";
  return facts;
}

}  // namespace tpscale
