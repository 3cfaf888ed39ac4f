#include <algorithm>
#include <cstddef>

#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/gather_pieces.h"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWordsInFlight = 4;
constexpr std::int64_t kTile = kThreads * kWordsInFlight;  // words of 16 bytes a block moves in a round
// Enough to saturate the link, few enough to leave the multiprocessors to a running decode.
constexpr std::int64_t kMostBlocks = 64;

/// A round moves one tile of one piece. kGather: from the pieces to the run, else back.
template <bool kGather>
__global__ void __launch_bounds__(kThreads)
    move_pieces_kernel(std::byte* base, uint4* run, const std::int64_t* offsets, std::int64_t num_pieces,
                       std::int64_t words) {
  const std::int64_t tiles = (words + kTile - 1) / kTile;
  for (std::int64_t round = blockIdx.x; round < num_pieces * tiles; round += gridDim.x) {
    const std::int64_t piece = round / tiles;
    const std::int64_t first = round % tiles * kTile + threadIdx.x;
    uint4* in_piece = reinterpret_cast<uint4*>(base + offsets[piece]);
    uint4* in_run = run + piece * words;
    uint4 word[kWordsInFlight];
#pragma unroll
    for (int i = 0; i < kWordsInFlight; ++i) {
      const std::int64_t at = first + i * kThreads;
      if (at < words) word[i] = kGather ? in_piece[at] : in_run[at];
    }
#pragma unroll
    for (int i = 0; i < kWordsInFlight; ++i) {
      const std::int64_t at = first + i * kThreads;
      if (at < words) (kGather ? in_run : in_piece)[at] = word[i];
    }
  }
}

template <bool kGather>
void move_pieces(cudaStream_t stream, std::byte* base, std::byte* run, const std::int64_t* offsets,
                 std::int64_t num_pieces, std::int64_t piece_bytes) {
  constexpr auto kWord = static_cast<std::int64_t>(sizeof(uint4));
  check(piece_bytes % kWord == 0, "pieces are gathered in words of 16 bytes");
  if (num_pieces == 0 || piece_bytes == 0) return;
  const std::int64_t words = piece_bytes / kWord;
  const std::int64_t rounds = num_pieces * ((words + kTile - 1) / kTile);
  launch(stream, dim3(static_cast<unsigned>(std::min(rounds, kMostBlocks))), dim3(kThreads), 0,
         move_pieces_kernel<kGather>, base, reinterpret_cast<uint4*>(run), offsets, num_pieces, words);
}

}  // namespace

void gather_pieces(cudaStream_t stream, std::byte* run, const std::byte* base, const std::int64_t* offsets,
                   std::int64_t num_pieces, std::int64_t piece_bytes) {
  move_pieces<true>(stream, const_cast<std::byte*>(base), run, offsets, num_pieces, piece_bytes);
}

void scatter_pieces(cudaStream_t stream, std::byte* base, const std::byte* run, const std::int64_t* offsets,
                    std::int64_t num_pieces, std::int64_t piece_bytes) {
  move_pieces<false>(stream, base, const_cast<std::byte*>(run), offsets, num_pieces, piece_bytes);
}

}  // namespace tpscale::cuda
