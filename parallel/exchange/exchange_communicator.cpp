#include "parallel/exchange/exchange_communicator.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "parallel/exchange/sum.h"
#include "parallel/exchange/tag.h"

namespace tpscale {
namespace {

constexpr std::size_t kLineBytes = 64;

/// Up to this many bytes one step is faster than two with less to read. Measured on 2 cores: with two ranks
/// at any size (they read the same either way), with 4 up to about 24 KiB, with 8 up to about 12 KiB.
std::size_t one_shot_limit(int ranks, std::size_t area_bytes) noexcept {
  return ranks <= 2 ? area_bytes : (std::size_t{64} << 10) / static_cast<std::size_t>(ranks);
}

/// The part of `bytes` that rank `index` of `count` reduces: whole cache lines, the first ranks take the
/// rest.
struct Slice {
  std::size_t begin;
  std::size_t end;
  Slice(std::size_t bytes, int index, int count) noexcept {
    const std::size_t lines = (bytes + kLineBytes - 1) / kLineBytes;
    const auto at = [&](int i) {
      return std::min(bytes,
                      lines * static_cast<std::size_t>(i) / static_cast<std::size_t>(count) * kLineBytes);
    };
    begin = at(index);
    end = at(index + 1);
  }
  std::size_t bytes() const noexcept { return end - begin; }
};

}  // namespace

ExchangeCommunicator::ExchangeCommunicator(std::string name, Exchange exchange, OperationLog log,
                                           std::shared_ptr<const void> memory)
    : name_(std::move(name)),
      memory_(std::move(memory)),
      exchange_(exchange),
      log_(log),
      parts_(static_cast<std::size_t>(exchange.ranks())) {}

void ExchangeCommunicator::all_reduce_sum(TensorView data) {
  check(data.contiguous(), "all_reduce takes a contiguous tensor");
  if (data.size() == 0) return;
  const auto scope = log_.begin(Operation::kAllReduce, data.bytes());
  auto* bytes = static_cast<std::byte*>(data.data);
  if (data.bytes() <= one_shot_limit(size(), exchange_.area_bytes())) {
    reduce_in_one_shot(data.dtype, bytes, data.bytes());
  } else {
    reduce_in_two_shots(data.dtype, bytes, data.bytes());
  }
}

void ExchangeCommunicator::reduce_in_one_shot(Dtype dtype, std::byte* data, std::size_t bytes) {
  std::memcpy(exchange_.begin(bytes), data, bytes);
  exchange_.publish(tag_of(Operation::kAllReduce, bytes));
  for (int r = 0; r < size(); ++r) parts_[static_cast<std::size_t>(r)] = r == rank() ? data : exchange_.of(r);
  sum_parts(dtype, data, parts_, bytes / size_of(dtype));
}

void ExchangeCommunicator::reduce_in_two_shots(Dtype dtype, std::byte* data, std::size_t bytes) {
  const std::uint64_t tag = tag_of(Operation::kAllReduce, bytes);
  for (std::size_t done = 0; done < bytes; done += exchange_.area_bytes()) {
    const std::size_t chunk = std::min(exchange_.area_bytes(), bytes - done);
    std::byte* at = data + done;
    const Slice own(chunk, rank(), size());

    std::byte* area = exchange_.begin(chunk);
    std::memcpy(area, at, own.begin);
    std::memcpy(area + own.end, at + own.end, chunk - own.end);
    exchange_.publish(tag);
    for (int r = 0; r < size(); ++r) {
      parts_[static_cast<std::size_t>(r)] = (r == rank() ? at : exchange_.of(r)) + own.begin;
    }
    sum_parts(dtype, at + own.begin, parts_, own.bytes() / size_of(dtype));

    std::memcpy(exchange_.begin(chunk), at + own.begin, own.bytes());
    exchange_.publish(tag);
    for (int i = 1; i < size(); ++i) {
      const int r = (rank() + i) % size();  // not all at the same rank's memory at once
      const Slice slice(chunk, r, size());
      std::memcpy(at + slice.begin, exchange_.of(r), slice.bytes());
    }
  }
}

void ExchangeCommunicator::gather_bytes(std::byte* out, std::span<const std::byte> in, std::uint64_t tag) {
  std::byte* own = out + static_cast<std::size_t>(rank()) * in.size();
  if (own != in.data() && !in.empty()) std::memmove(own, in.data(), in.size());
  for (std::size_t done = 0; done < in.size(); done += exchange_.area_bytes()) {
    const std::size_t chunk = std::min(exchange_.area_bytes(), in.size() - done);
    std::memcpy(exchange_.begin(chunk), own + done, chunk);
    exchange_.publish(tag);
    for (int i = 1; i < size(); ++i) {
      const int r = (rank() + i) % size();
      std::memcpy(out + static_cast<std::size_t>(r) * in.size() + done, exchange_.of(r), chunk);
    }
  }
}

void ExchangeCommunicator::all_gather(TensorView out, ConstTensorView in) {
  check(out.contiguous() && in.contiguous(), "all_gather takes contiguous tensors");
  check(out.bytes() == in.bytes() * static_cast<std::size_t>(size()) && out.dtype == in.dtype,
        "all_gather's output holds the input of every rank");
  const auto scope = log_.begin(Operation::kAllGather, out.bytes());
  gather_bytes(static_cast<std::byte*>(out.data), {static_cast<const std::byte*>(in.data), in.bytes()},
               tag_of(Operation::kAllGather, in.bytes()));
}

void ExchangeCommunicator::reduce_scatter_sum(TensorView out, ConstTensorView in) {
  check(out.contiguous() && in.contiguous(), "reduce_scatter takes contiguous tensors");
  check(in.bytes() == out.bytes() * static_cast<std::size_t>(size()) && out.dtype == in.dtype,
        "reduce_scatter's input holds the output of every rank");
  const auto scope = log_.begin(Operation::kReduceScatter, in.bytes());
  const auto* source = static_cast<const std::byte*>(in.data);
  auto* target = static_cast<std::byte*>(out.data);
  const auto part_at = [&](int r) { return source + static_cast<std::size_t>(r) * out.bytes(); };
  const std::size_t piece =
      exchange_.area_bytes() / static_cast<std::size_t>(size()) / kLineBytes * kLineBytes;
  for (std::size_t done = 0; done < out.bytes(); done += piece) {
    const std::size_t chunk = std::min(piece, out.bytes() - done);
    std::byte* area = exchange_.begin(static_cast<std::size_t>(size()) * piece);
    for (int r = 0; r < size(); ++r) {
      if (r != rank()) std::memcpy(area + static_cast<std::size_t>(r) * piece, part_at(r) + done, chunk);
    }
    exchange_.publish(tag_of(Operation::kReduceScatter, in.bytes()));
    for (int r = 0; r < size(); ++r) {
      parts_[static_cast<std::size_t>(r)] =
          r == rank() ? part_at(r) + done : exchange_.of(r) + static_cast<std::size_t>(rank()) * piece;
    }
    sum_parts(out.dtype, target + done, parts_, chunk / size_of(out.dtype));
  }
}

void ExchangeCommunicator::copy_from_root(std::span<std::byte> bytes, int root, std::uint64_t tag) {
  check(root >= 0 && root < size(), "the root of a broadcast is a rank of the group");
  for (std::size_t done = 0; done < bytes.size(); done += exchange_.area_bytes()) {
    const std::size_t chunk = std::min(exchange_.area_bytes(), bytes.size() - done);
    std::byte* area = exchange_.begin(chunk);
    if (rank() == root) std::memcpy(area, bytes.data() + done, chunk);
    exchange_.publish(tag);
    if (rank() != root) std::memcpy(bytes.data() + done, exchange_.of(root), chunk);
  }
}

void ExchangeCommunicator::broadcast(TensorView data, int root) {
  check(data.contiguous(), "broadcast takes a contiguous tensor");
  const auto scope = log_.begin(Operation::kBroadcast, data.bytes());
  copy_from_root({static_cast<std::byte*>(data.data), data.bytes()}, root,
                 tag_of(Operation::kBroadcast, data.bytes()));
}

void ExchangeCommunicator::broadcast_host(std::span<std::byte> bytes, int root) {
  const auto scope = log_.begin(Operation::kBroadcastHost, bytes.size());
  copy_from_root(bytes, root, tag_of(Operation::kBroadcastHost, bytes.size()));
}

void ExchangeCommunicator::all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) {
  check(out.size() == in.size() * static_cast<std::size_t>(size()),
        "all_gather_host's output holds the input of every rank");
  const auto scope = log_.begin(Operation::kAllGatherHost, out.size());
  gather_bytes(out.data(), in, tag_of(Operation::kAllGatherHost, in.size()));
}

void ExchangeCommunicator::barrier() {
  const auto scope = log_.begin(Operation::kBarrier, 0);
  exchange_.begin(0);
  exchange_.publish(tag_of(Operation::kBarrier, 0));
  for (int r = 0; r < size(); ++r) exchange_.of(r);
}

}  // namespace tpscale
