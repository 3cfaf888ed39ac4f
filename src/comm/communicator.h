#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/buffer.h"
#include "core/tensor_view.h"

namespace tpscale {

/// What the ranks of one tensor-parallel group do together. `src` declares it, `parallel` implements it.
///
/// Device collectives work on contiguous tensors in the backend's memory, in stream order, and are called by
/// every rank of the group in the same order with the same shapes. Sums are taken in fp32, in the same order
/// on every rank, so that all ranks end with the same bits (a vendor's library may round to the dtype between
/// two additions; the bits are the same on all ranks all the same). all_gather's `in` may be this rank's own
/// part of `out`, reduce_scatter's `out` that of `in` (in place; a group of one insists on it). A rank that
/// waits longer than the watchdog's time ends the process with exit 124.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual std::string_view name() const noexcept = 0;
  virtual int rank() const noexcept = 0;
  virtual int size() const noexcept = 0;

  virtual void all_reduce_sum(TensorView data) = 0;                 ///< in place
  virtual void all_gather(TensorView out, ConstTensorView in) = 0;  ///< out [size * rows, cols], rank-major
  virtual void reduce_scatter_sum(TensorView out,
                                  ConstTensorView in) = 0;  ///< in [size * rows, cols], rank-major
  virtual void broadcast(TensorView data, int root) = 0;

  /// Host agreement, outside the stream: small values that only one rank can know (a clock's reading, an
  /// interrupt).
  virtual void broadcast_host(std::span<std::byte> bytes, int root) = 0;
  /// every rank's `in`, rank-major, into `out` (size * in.size() bytes) on every rank.
  virtual void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) = 0;
  virtual void barrier() = 0;

  /// Whether a device collective may be part of a captured StepGraph. Not where it waits for the host.
  virtual bool capturable() const noexcept { return true; }
  /// Zeroed device memory for messages that this communicator carries fastest from memory of its own. Empty
  /// where the backend's is as good. Called by every rank in the same order with the same sizes; freed before
  /// the communicator.
  virtual Buffer allocate_messages([[maybe_unused]] std::size_t bytes) { return {}; }
  /// Worth storing with every measurement: library version, what is switched on or off and why.
  virtual std::map<std::string, std::string> facts() const { return {}; }
};

}  // namespace tpscale
