#pragma once
#include "backend/cuda/attention/arguments.h"

namespace tpscale::cuda {

/// kRows rows of one sequence: the tiles of all sequences are numbered one behind the other, so that a batch
/// of many short sequences and a long one needs no more blocks than it has tiles.
struct RowTile {
  int sequence;  ///< -1: there is no such tile
  int first_row;

  /// Tiles of a KV head that a batch of num_tokens has at most.
  static unsigned most(int num_tokens, int num_sequences, int group, int rows) {
    return static_cast<unsigned>(num_tokens * group / rows + num_sequences);
  }

  /// Every warp looks for itself, 32 sequences at a time. All lanes take part.
  template <class T>
  __device__ static RowTile find(const AttentionArguments<T>& arguments, int num_sequences, int rows,
                                 int tile) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    int before = 0;
    for (int first = 0; first < num_sequences; first += 32) {
      const int sequence = first + lane;
      int tiles = 0;
      if (sequence < num_sequences) {
        const int queries = arguments.cu_seqlens_q[sequence + 1] - arguments.cu_seqlens_q[sequence];
        tiles = (queries * arguments.group + rows - 1) / rows;
      }
      int end = tiles;  // of the lane's sequence, counted from `before`
      for (int step = 1; step < 32; step *= 2) {
        const int other = __shfl_up_sync(0xFFFFFFFFU, end, step);
        if (lane >= step) end += other;
      }
      const unsigned behind = __ballot_sync(0xFFFFFFFFU, before + end > tile);
      if (behind != 0) {
        const int found = __ffs(static_cast<int>(behind)) - 1;
        const int begin = before + __shfl_sync(0xFFFFFFFFU, end - tiles, found);
        return {first + found, (tile - begin) * rows};
      }
      before += __shfl_sync(0xFFFFFFFFU, end, 31);
    }
    return {-1, 0};
  }
};

}  // namespace tpscale::cuda
