#pragma once
#include <cuda_runtime.h>

#include <algorithm>

namespace tpscale::cuda {

/// How many blocks share the keys of one sequence in decode. It follows from the number of keys alone (and
/// from the model's shape and the device), never from the batch: a sequence gets the same bits in every
/// batch, and with graphs on and off.
struct SplitPlan {
  static constexpr int kSmallest = 64;   ///< keys a block takes at least
  static constexpr int kLargest = 1024;  ///< and at most
  static constexpr int kUsualSplits = 32;

  int wanted;  ///< splits of a long sequence

  /// Two blocks a multiprocessor for one sequence, but no more than one block can merge quickly.
  static SplitPlan for_device(int multiprocessors, int blocks_per_split) {
    return {std::clamp((2 * multiprocessors + blocks_per_split - 1) / blocks_per_split, 1, kUsualSplits)};
  }

  /// A multiple of 64. Above 1024 keys a block takes 128 or more: the partial results it writes and reads
  /// again are then a few per cent of its keys and values.
  __host__ __device__ int keys_per_split(int keys) const {
    const int even = (keys + wanted - 1) / wanted;
    const int rounded = (even + kSmallest - 1) / kSmallest * kSmallest;
    const int smallest = keys > kLargest ? 2 * kSmallest : kSmallest;
    return rounded < smallest ? smallest : rounded > kLargest ? kLargest : rounded;
  }
  __host__ __device__ int splits(int keys) const {
    const int size = keys_per_split(keys);
    return (keys + size - 1) / size;
  }
  /// Of every sequence of up to max_keys keys.
  int max_splits(int max_keys) const {
    const int of_smallest = (max_keys + kSmallest - 1) / kSmallest;
    const int of_largest = (max_keys + kLargest - 1) / kLargest;
    return std::max(1, std::min(of_smallest, std::max(wanted, of_largest)));
  }
};

}  // namespace tpscale::cuda
