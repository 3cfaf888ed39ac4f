#pragma once
#include <array>
#include <cstdint>

#include "core/dtype.h"

namespace tpscale::cpu {

/// Instruction sets the kernels are compiled for, each a superset of the one before.
enum class Isa : std::uint8_t { kGeneric, kAvx2, kAvx512, kAmx };

/// Columns of a packed panel of weights (out_features are padded to a multiple), and the depth of a packed
/// block (in_features of 16-bit weights are padded to a multiple). See packed_linear.h for the layout.
inline constexpr std::int64_t kPanelCols = 32;
inline constexpr std::int64_t kBlockDepth = 32;

/// Rows of activations on their way into the form that `gemm` of the same set reads.
struct PackJob {
  void* packed = nullptr;
  std::int64_t packed_stride = 0;  ///< elements of the packed form from a row to the next
  const void* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t cols = 0;
  std::int64_t depth = 0;  ///< cols with padding
};

/// out[m, n] = sum_k x[m, k] * w[n, k] + bias[n] for `rows` rows and the columns of panels [first_panel,
/// last_panel).
struct GemmJob {
  const void* x = nullptr;  ///< packed
  std::int64_t x_stride = 0;
  std::int64_t rows = 0;
  std::int64_t depth = 0;        ///< of the weights, padding included
  const void* panels = nullptr;  ///< the first panel of the matrix
  const float* bias = nullptr;   ///< [cols] or nullptr
  void* out = nullptr;           ///< element (0, 0)
  std::int64_t out_stride = 0;
  std::int64_t cols = 0;  ///< out_features, without padding
  std::int64_t first_panel = 0;
  std::int64_t last_panel = 0;
  float* partial = nullptr;  ///< scratch of the thread: [kMaxRows + kSpareRows, kPanelCols]
};
inline constexpr std::int64_t kMaxRows = 512;  ///< of a GemmJob
inline constexpr std::int64_t kSpareRows =
    16;  ///< rows behind the packed ones, and the partial ones, that may be touched

/// Some rows of the attention of one sequence and KV head. A row is one query head of one query token: row r
/// is head r % group of token r / group.
struct AttentionJob {
  const void* q = nullptr;    ///< first query token of the sequence, the KV head's first query head
  std::int64_t q_stride = 0;  ///< elements from a token to the next
  void* out = nullptr;        ///< the same place of the output
  std::int64_t out_stride = 0;
  std::int64_t first_row = 0;
  std::int64_t last_row = 0;        ///< one behind the last
  std::int64_t first_position = 0;  ///< of the first query token
  std::int64_t group = 1;           ///< query heads of the KV head
  std::int64_t head_dim = 0;
  std::int64_t window = 0;  ///< 0: none
  float scale = 1.0F;
  const void* keys = nullptr;  ///< of the layer and KV head: block b lies at b * block_stride
  const void* values = nullptr;
  std::int64_t block_stride = 0;
  std::int64_t block_size = 0;
  const std::int32_t* block_table = nullptr;
  float* scratch = nullptr;  ///< attention_scratch() floats, aligned to 64 bytes
};
inline constexpr std::int64_t kKeyChunk = 64;   ///< keys of a step of the online softmax
inline constexpr std::int64_t kQueryRows = 64;  ///< rows that share the loading of a chunk
constexpr std::int64_t padded_head_dim(std::int64_t dim) {
  return (dim + kPanelCols - 1) / kPanelCols * kPanelCols;
}
/// Floats of scratch a thread needs for attention.
constexpr std::int64_t attention_scratch(std::int64_t head_dim) {
  const std::int64_t padded = padded_head_dim(head_dim);
  return 2 * (kQueryRows + kSpareRows) * padded + (kQueryRows + kSpareRows) * kKeyChunk +
         2 * kKeyChunk * padded + 2 * kQueryRows;
}

/// What one instruction set offers for one dtype. Pointers to elements of that dtype are void*.
struct Kernels {
  void (*rms_norm)(void* out, const void* x, const float* weight, float epsilon, std::int64_t n) = nullptr;
  void (*add_rms_norm)(void* out, void* residual, const void* x, const float* weight, float epsilon,
                       std::int64_t n) = nullptr;
  void (*layer_norm)(void* out, const void* x, const float* weight, const float* bias, float epsilon,
                     std::int64_t n) = nullptr;
  void (*add)(void* out, const void* x, std::int64_t n) = nullptr;  ///< out += x
  void (*gelu)(void* out, const void* x, bool tanh_formula, std::int64_t n) = nullptr;
  void (*silu_and_mul)(void* out, const void* gate, const void* up, std::int64_t n) = nullptr;
  /// Norm (weight may be nullptr) and rotation (cos_sin may be nullptr) of one head, in place or not.
  void (*norm_rope)(void* out, const void* x, const float* weight, float epsilon, const float* cos_sin,
                    std::int64_t rotary_dim, std::int64_t n) = nullptr;
  /// The lowest index of the largest of n values, n >= 1; the value goes to *largest.
  std::int64_t (*argmax)(const void* x, std::int64_t n, float* largest) = nullptr;
  std::int64_t packed_size = 0;   ///< bytes of an element of the packed form
  std::int64_t rows_at_once = 0;  ///< rows of packed x that suit the caches, for a depth of 1024
  void (*pack_rows)(const PackJob& job, std::int64_t begin,
                    std::int64_t end) = nullptr;  ///< begin: a multiple of 16
  void (*gemm)(const GemmJob& job) = nullptr;
  void (*attention)(const AttentionJob& job) = nullptr;
  std::uint32_t (*read_all)(const void* data, std::int64_t bytes) = nullptr;  ///< a checksum; four streams
  float (*multiply_adds)(std::int64_t rounds,
                         float seed) = nullptr;  ///< in registers; consume what it returns
  double round_flops = 0.0;                      ///< FLOPs of a round of multiply_adds
};

bool has_isa(Isa isa);  ///< in this build, on this machine and allowed by its system

/// The kernels of a set for a dtype. `isa` must be one the machine has (see cpu_features.h).
const Kernels& kernels(Isa isa, Dtype dtype);

}  // namespace tpscale::cpu
