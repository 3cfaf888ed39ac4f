#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tpscale {

class Backend;

enum class CopyDirection : std::uint8_t { kToHost, kToDevice };
std::string_view to_string(CopyDirection direction) noexcept;  ///< "d2h", "h2d"

/// How many pieces of device memory become one run of host memory, or come from it.
enum class CopyWay : std::uint8_t {
  kEach,     ///< a call a piece
  kBatched,  ///< one call that names all pieces
  kGathered  ///< pieces gathered into (or scattered from) a staging buffer on the device: one copy of one run
};
inline constexpr std::array kCopyWays{CopyWay::kEach, CopyWay::kBatched, CopyWay::kGathered};
std::string_view to_string(CopyWay way) noexcept;  ///< "each", "batched", "gathered"

/// Pieces of one size within one allocation of device memory. On the host they lie one behind another.
struct PieceList {
  std::byte* base = nullptr;
  std::span<const std::int64_t> offsets;  ///< bytes from the base
  std::int64_t piece_bytes = 0;

  std::size_t bytes() const noexcept { return offsets.size() * static_cast<std::size_t>(piece_bytes); }
};

/// Copies between a device and its host beside the compute stream, in an order of their own: whoever starts
/// one has synchronised with the work that wrote the source. One copy at a time; any one thread may use it
/// while others compute. Takes its device memory when it is made.
class Transfer {
 public:
  virtual ~Transfer() = default;
  /// Why this device cannot copy in that way; empty where it can.
  virtual std::string why_not(CopyWay /*way*/) const { return {}; }
  /// `host`: pieces.bytes() bytes. Both ends, and the offsets, live and stay as they are until wait()
  /// returns. kGathered takes pieces whose size and addresses are multiples of 16 bytes.
  virtual void start(CopyDirection direction, CopyWay way, const PieceList& pieces, std::byte* host) = 0;
  virtual void wait() = 0;  ///< until the last byte of the copy started last is there
  /// What the device's own clock says of the copy that was waited for last; nothing where it has none.
  virtual std::optional<double> device_seconds() const { return std::nullopt; }
};

/// Between two arenas of the host, by a thread of its own: the counterpart of a copy engine where the device
/// is the host. A staging buffer of `most_bytes` is MemoryKind::kOther of `backend`.
std::unique_ptr<Transfer> make_host_transfer(Backend& backend, std::size_t most_bytes);

}  // namespace tpscale
