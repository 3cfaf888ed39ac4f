#pragma once
#include <cstddef>

namespace tpscale::cuda {

/// Tiles of the tensor-core attention: 64 rows (four warps of 16) against kKeys keys, in two stages.
template <int kDim>
struct MmaShape {
  static_assert(kDim % 16 == 0 && kDim <= 256);
  static constexpr int kThreads = 128;
  static constexpr int kBlocks = kDim <= 80 ? 3 : 2;  ///< of a multiprocessor, as far as registers decide
  static constexpr int kRows = 64;
  static constexpr int kRowsOfWarp = 16;
  static constexpr int kKeys = kDim <= 128 ? 64 : 32;
  static constexpr int kVectors = kDim / 8;  ///< 16-byte vectors of a row
  /// Elements from a row to the next in shared memory: an odd number of 16-byte vectors, so that the eight
  /// rows of an ldmatrix lie in different banks.
  static constexpr int kPitch = kDim + 8;
  static constexpr int kTile = kKeys * kPitch;  ///< elements; a stage is a tile of keys and one of values
  static constexpr bool kQueriesInRegisters = kDim <= 128;
  static constexpr int kQueryTile = kQueriesInRegisters ? 0 : kRows * kPitch;
  static constexpr std::size_t kSharedBytes = (kQueryTile + 4 * kTile) * std::size_t{2};
};

}  // namespace tpscale::cuda
