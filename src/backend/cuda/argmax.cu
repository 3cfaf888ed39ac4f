#include <algorithm>

#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/reduce.cuh"
#include "backend/cuda/device/rows.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

constexpr int kPieceCols = 8192;  // of a row, for one block: 32 elements a thread
constexpr std::int64_t kFewestRows = 512;

/// What the blocks of a row agree on. All zero between two calls: the last block of a row sees to that.
struct ArgmaxScratch {
  unsigned long long* best;  ///< [rows] Candidate::packed
  unsigned* finished;        ///< [rows] blocks
};

/// Grid: (sequences, pieces of a row of all parts). A maximum of whole numbers does not depend on the order
/// in which the blocks come; the last one of a row writes the index.
template <class T, int kWidth>
__global__ void __launch_bounds__(kBlockThreads)
    argmax_kernel(std::int32_t* ids, Rows<const T> logits, int cols, int pieces_of_part,
                  std::int64_t vocab_size, ArgmaxScratch scratch) {
  __shared__ unsigned long long of_warps[kMaxWarps];
  const std::int64_t part = static_cast<int>(blockIdx.y) / pieces_of_part;
  const int begin = static_cast<int>(blockIdx.y) % pieces_of_part * kPieceCols;
  const std::int64_t left = vocab_size - part * cols;
  const int part_end = left < cols ? static_cast<int>(left < 0 ? 0 : left) : cols;
  const int end = begin + kPieceCols < part_end ? begin + kPieceCols : part_end;
  const T* row = logits[part * gridDim.x + blockIdx.x];

  Candidate best;
  const auto consider = [&](float value, int col) {
    const std::uint32_t rank = rank_of(value);
    if (rank <= best.rank && best.index != ~0U) return;
    best.rank = rank;
    best.index = static_cast<std::uint32_t>(part * cols + col);
  };
  const int whole = begin + (end > begin ? (end - begin) / kWidth * kWidth : 0);
#pragma unroll 4
  for (int col = begin + static_cast<int>(threadIdx.x) * kWidth; col < whole;
       col += static_cast<int>(blockDim.x) * kWidth) {
    float values[kWidth];
    load_floats(values, row + col);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) consider(values[i], col + i);
  }
  for (int col = whole + static_cast<int>(threadIdx.x); col < end; col += static_cast<int>(blockDim.x)) {
    consider(to_float(row[col]), col);
  }
  const unsigned long long block_best = max_block(best.packed(), of_warps);

  if (threadIdx.x != 0) return;
  atomicMax(scratch.best + blockIdx.x, block_best);
  __threadfence();
  if (atomicAdd(scratch.finished + blockIdx.x, 1U) + 1 < gridDim.y) return;
  __threadfence();
  ids[blockIdx.x] = Candidate::index_of(atomicExch(scratch.best + blockIdx.x, 0ULL));
  scratch.finished[blockIdx.x] = 0;
}

}  // namespace

void CudaOps::argmax(std::int32_t* ids, ConstTensorView logits, std::int64_t parts, std::int64_t vocab_size) {
  check(parts > 0 && logits.rows % parts == 0 && vocab_size > 0 && vocab_size <= parts * logits.cols,
        "argmax: shapes do not fit");
  const std::int64_t sequences = logits.rows / parts;
  if (sequences == 0) return;
  constexpr std::size_t kRowBytes = sizeof(unsigned long long) + sizeof(unsigned);
  if (argmax_scratch_.bytes() < static_cast<std::size_t>(sequences) * kRowBytes) {
    const auto rows = static_cast<std::size_t>(std::max(sequences, kFewestRows));
    argmax_scratch_ = memory_.allocate(rows * kRowBytes, MemoryKind::kOther);
  }
  const std::size_t capacity = argmax_scratch_.bytes() / kRowBytes;
  auto* best = argmax_scratch_.as<unsigned long long>();
  const ArgmaxScratch scratch{best, reinterpret_cast<unsigned*>(best + capacity)};
  const std::int64_t pieces = (logits.cols + kPieceCols - 1) / kPieceCols;
  dispatch_width(logits.dtype, rows_on_vectors(logits), [&](auto element, auto width) {
    using T = decltype(element);
    const int threads = threads_for(std::min<std::int64_t>(logits.cols, kPieceCols) / width() + 1);
    launch(stream_, dim3(static_cast<unsigned>(sequences), static_cast<unsigned>(parts * pieces)),
           dim3(static_cast<unsigned>(threads)), 0, argmax_kernel<T, width()>, ids, rows_of<T>(logits),
           static_cast<int>(logits.cols), static_cast<int>(pieces), vocab_size, scratch);
  });
}

}  // namespace tpscale::cuda
