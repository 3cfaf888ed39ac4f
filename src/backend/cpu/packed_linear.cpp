#include "backend/cpu/packed_linear.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "backend/cpu/kernels/kernels.h"
#include "core/check.h"

namespace tpscale::cpu {
namespace {

constexpr std::int64_t kTileCols = 16;

std::int64_t rounded_up(std::int64_t value, std::int64_t to) {
  return (value + to - 1) / to * to;
}

/// Walks the elements of one row through a panel's layout: offset(k) of element k.
struct RowInPanel {
  RowInPanel(std::int64_t row, std::int64_t depth, Dtype dtype)
      : tiles(dtype == Dtype::kBF16),
        start(row / kPanelCols * kPanelCols * depth + column(row % kPanelCols)) {}

  std::int64_t column(std::int64_t n) const {
    return tiles ? n / kTileCols * kTileCols * kBlockDepth + n % kTileCols * 2 : n;
  }
  std::int64_t offset(std::int64_t k) const {
    if (!tiles) return start + k * kPanelCols;
    return start + k / kBlockDepth * kBlockDepth * kPanelCols + k % kBlockDepth / 2 * kTileCols * 2 + k % 2;
  }

  bool tiles;
  std::int64_t start;
};

template <class To, class From>
void convert(To* out, const From* in, std::int64_t count) {
  if constexpr (std::is_same_v<To, From>) {
    std::memcpy(out, in, static_cast<std::size_t>(count) * sizeof(To));
  } else {
    for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<To>(static_cast<float>(in[i]));
  }
}

/// Puts `count` rows (at most kTileCols, all of one tile, the first of them at `place`) into the panel: chunk
/// by chunk in depth, so that whole lines of it are written.
template <class To, class From>
void pack(To* out, const RowInPanel& place, const From* in, std::int64_t stride, std::int64_t count,
          std::int64_t depth) {
  constexpr std::int64_t kChunk = 256;
  constexpr std::int64_t kTogether = std::is_same_v<To, BFloat16> ? 2 : 1;  // inputs that lie side by side
  To values[kTileCols][kChunk];
  for (std::int64_t first = 0; first < depth; first += kChunk) {
    const std::int64_t inputs = std::min(kChunk, depth - first);
    for (std::int64_t r = 0; r < count; ++r) {
      convert(values[r], in + r * stride + first, inputs);
      if (inputs % kTogether != 0) values[r][inputs] = To{};
    }
    for (std::int64_t k = 0; k < inputs; k += kTogether) {
      To* line = out + place.offset(first + k);
      for (std::int64_t r = 0; r < count; ++r) {
        std::memcpy(line + r * kTogether, &values[r][k], static_cast<std::size_t>(kTogether) * sizeof(To));
      }
    }
  }
}

}  // namespace

PackedLinear::PackedLinear(CpuMemory& memory, ThreadTeam& team, std::int64_t out_features,
                           std::int64_t in_features, Dtype dtype)
    : team_(team),
      out_features_(out_features),
      in_features_(in_features),
      dtype_(dtype),
      depth_(dtype == Dtype::kF32 ? in_features : rounded_up(in_features, kBlockDepth)),
      panels_(rounded_up(out_features, kPanelCols) / kPanelCols),
      buffer_(memory.allocate(static_cast<std::size_t>(panels_ * kPanelCols * depth_) * size_of(dtype),
                              MemoryKind::kWeights)) {}

void PackedLinear::write_rows(std::int64_t first_row, ConstTensorView rows) {
  check(first_row >= 0 && first_row + rows.rows <= out_features_ && rows.cols == in_features_,
        "rows outside the weights");
  dispatch_dtype(rows.dtype, [&](auto from) {
    using From = decltype(from);
    dispatch_dtype(dtype_, [&](auto to) {
      using To = decltype(to);
      team_.divide(rows.rows, kTileCols, [&](std::int64_t begin, std::int64_t end, int) {
        for (std::int64_t r = begin; r < end;) {
          const std::int64_t row = first_row + r;
          const std::int64_t count = std::min(end - r, kTileCols - row % kTileCols);
          const auto* in = static_cast<const From*>(rows.data) + r * rows.row_stride;
          pack(buffer_.as<To>(), RowInPanel(row, depth_, dtype_), in, rows.row_stride, count, in_features_);
          r += count;
        }
      });
    });
  });
}

void PackedLinear::read_row(std::int64_t row, void* out) const {
  const RowInPanel place(row, depth_, dtype_);
  dispatch_dtype(dtype_, [&](auto type) {
    using Element = decltype(type);
    const auto* in = buffer_.as<const Element>();
    auto* result = static_cast<Element*>(out);
    for (std::int64_t k = 0; k < in_features_; ++k) result[k] = in[place.offset(k)];
  });
}

}  // namespace tpscale::cpu
