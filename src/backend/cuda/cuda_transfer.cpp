#include "backend/cuda/cuda_transfer.h"

#include <cstring>

#include "backend/cuda/cuda_error.h"
#include "backend/cuda/gather_pieces.h"
#include "backend/cuda/memcpy_batch.h"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

constexpr int kDriverOfBatches = 12080;

cudaMemcpyKind kind_of(CopyDirection direction) {
  return direction == CopyDirection::kToHost ? cudaMemcpyDeviceToHost : cudaMemcpyHostToDevice;
}

}  // namespace

CudaTransfer::CudaTransfer(const CudaDevice& device, CudaMemory& memory, PinnedMemory& pinned,
                           std::size_t most_bytes, std::size_t most_pieces)
    : ordinal_(device.ordinal),
      staging_(memory.allocate(most_bytes, MemoryKind::kOther)),
      offsets_(memory.allocate(most_pieces * sizeof(std::int64_t), MemoryKind::kOther)),
      pinned_offsets_(pinned.allocate(most_pieces * sizeof(std::int64_t))),
      to_(most_pieces),
      from_(most_pieces),
      sizes_(most_pieces) {
  // The memory is zeroed in the order of another stream.
  check_cuda(cudaDeviceSynchronize(), "waiting for the device");
}

CudaTransfer::~CudaTransfer() {
  cudaStreamSynchronize(stream_.get());  // what still runs may use what goes now
}

std::string CudaTransfer::why_not(CopyWay way) const {
  if (way != CopyWay::kBatched) return {};
  int driver = 0;
  check_cuda(cudaDriverGetVersion(&driver), "asking for the driver's version");
  return driver >= kDriverOfBatches ? "" : "batched copies need a driver of CUDA 12.8 or newer";
}

void CudaTransfer::start(CopyDirection direction, CopyWay way, const PieceList& pieces, std::byte* host) {
  check(pieces.bytes() <= staging_.bytes() && pieces.offsets.size() <= sizes_.size(),
        "a transfer of more than it was made for");
  // The current device belongs to a thread, and this may be another one than the backend's.
  check_cuda(cudaSetDevice(ordinal_), "choosing the device");
  begin_.record(stream_.get());
  switch (way) {
    case CopyWay::kEach:
      copy_each(direction, pieces, host);
      break;
    case CopyWay::kBatched:
      copy_batch(direction, pieces, host);
      break;
    case CopyWay::kGathered:
      copy_gathered(direction, pieces, host);
      break;
  }
  end_.record(stream_.get());
}

void CudaTransfer::copy_each(CopyDirection direction, const PieceList& pieces, std::byte* host) {
  const auto bytes = static_cast<std::size_t>(pieces.piece_bytes);
  const bool to_host = direction == CopyDirection::kToHost;
  for (const std::int64_t offset : pieces.offsets) {
    std::byte* piece = pieces.base + offset;
    check_cuda(cudaMemcpyAsync(to_host ? host : piece, to_host ? piece : host, bytes, kind_of(direction),
                               stream_.get()),
               "copying a piece");
    host += bytes;
  }
}

void CudaTransfer::copy_batch(CopyDirection direction, const PieceList& pieces, std::byte* host) {
  if (pieces.bytes() == 0) return;
  const bool to_host = direction == CopyDirection::kToHost;
  for (std::size_t i = 0; i < pieces.offsets.size(); ++i) {
    std::byte* piece = pieces.base + pieces.offsets[i];
    to_[i] = to_host ? host : piece;
    from_[i] = to_host ? piece : host;
    sizes_[i] = static_cast<std::size_t>(pieces.piece_bytes);
    host += pieces.piece_bytes;
  }
  cudaMemcpyAttributes attributes{};
  attributes.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  attributes.flags = cudaMemcpyFlagPreferOverlapWithCompute;
  const CopyBatch batch{to_.data(), from_.data(), sizes_.data(), pieces.offsets.size(), &attributes};
  check_cuda(enqueue_batch(&cudaMemcpyBatchAsync, batch, stream_.get()), "copying a batch of pieces");
}

void CudaTransfer::copy_gathered(CopyDirection direction, const PieceList& pieces, std::byte* host) {
  const std::size_t table_bytes = pieces.offsets.size_bytes();
  const auto num_pieces = static_cast<std::int64_t>(pieces.offsets.size());
  std::memcpy(pinned_offsets_.get(), pieces.offsets.data(), table_bytes);
  check_cuda(cudaMemcpyAsync(offsets_.data(), pinned_offsets_.get(), table_bytes, cudaMemcpyHostToDevice,
                             stream_.get()),
             "copying the places of pieces");
  auto* run = staging_.as<std::byte>();
  const auto* table = offsets_.as<std::int64_t>();
  if (direction == CopyDirection::kToHost) {
    gather_pieces(stream_.get(), run, pieces.base, table, num_pieces, pieces.piece_bytes);
    check_cuda(cudaMemcpyAsync(host, run, pieces.bytes(), cudaMemcpyDeviceToHost, stream_.get()),
               "copying gathered pieces");
  } else {
    check_cuda(cudaMemcpyAsync(run, host, pieces.bytes(), cudaMemcpyHostToDevice, stream_.get()),
               "copying pieces to scatter");
    scatter_pieces(stream_.get(), pieces.base, run, table, num_pieces, pieces.piece_bytes);
  }
}

void CudaTransfer::wait() {
  stream_.synchronize();
}

std::optional<double> CudaTransfer::device_seconds() const {
  return seconds_between(begin_, end_);
}

}  // namespace tpscale::cuda
