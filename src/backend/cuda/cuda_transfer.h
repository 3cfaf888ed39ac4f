#pragma once
#include <memory>
#include <vector>

#include "backend/cuda/cuda_device.h"
#include "backend/cuda/cuda_event.h"
#include "backend/cuda/cuda_memory.h"
#include "backend/cuda/cuda_stream.h"
#include "backend/cuda/pinned_memory.h"
#include "backend/transfer.h"

namespace tpscale::cuda {

/// Copies on a stream of their own, between two events.
class CudaTransfer final : public Transfer {
 public:
  CudaTransfer(const CudaDevice& device, CudaMemory& memory, PinnedMemory& pinned, std::size_t most_bytes,
               std::size_t most_pieces);
  ~CudaTransfer() override;
  CudaTransfer(const CudaTransfer&) = delete;
  CudaTransfer& operator=(const CudaTransfer&) = delete;

  /// A batch needs a driver of CUDA 12.8.
  std::string why_not(CopyWay way) const override;
  void start(CopyDirection direction, CopyWay way, const PieceList& pieces, std::byte* host) override;
  void wait() override;
  std::optional<double> device_seconds() const override;

 private:
  void copy_each(CopyDirection direction, const PieceList& pieces, std::byte* host);
  void copy_batch(CopyDirection direction, const PieceList& pieces, std::byte* host);
  void copy_gathered(CopyDirection direction, const PieceList& pieces, std::byte* host);

  int ordinal_;
  CudaStream stream_;
  Buffer staging_;
  Buffer offsets_;                               ///< int64 [most_pieces], of the pieces that are gathered
  std::shared_ptr<std::byte[]> pinned_offsets_;  ///< the same on the host: unchanged while a copy runs
  std::vector<void*> to_;                        ///< of a batch
  std::vector<const void*> from_;
  std::vector<std::size_t> sizes_;
  CudaEvent begin_{cudaEventDefault}, end_{cudaEventDefault};
};

}  // namespace tpscale::cuda
