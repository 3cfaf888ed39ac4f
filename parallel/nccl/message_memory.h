#pragma once
#include <nccl.h>

#include <map>
#include <string>

#include "backend/backend.h"
#include "comm/communicator.h"
#include "core/buffer.h"
#include "parallel/nccl/nccl_connection.h"
#include "parallel/nccl/nccl_version.h"

namespace tpscale::nccl {

/// Device memory that all ranks registered with NCCL as symmetric windows: its collectives then read and
/// write the other ranks' memory directly (NCCL 2.27 or newer, GPUs that reach each other's memory). Counted
/// by the backend's tracker as activations.
class MessageMemory final : public BufferSource {
 public:
  MessageMemory(NcclConnection& connection, Communicator& host, Backend& backend, bool wanted,
                const NcclVersion& version);

  /// Collective, the same `bytes` on every rank. Empty where it is off or turns out not to work here.
  Buffer allocate(std::size_t bytes);
  void release(void* data, std::size_t bytes, MemoryKind kind) noexcept override;

  /// "on", or "off" with the reason.
  const std::string& state() const noexcept { return state_; }

 private:
  bool agreed(bool mine);

  NcclConnection& connection_;
  Communicator& host_;
  Backend& backend_;
  std::string state_;
  bool on_;
  std::map<void*, ncclWindow_t> windows_;
};

}  // namespace tpscale::nccl
