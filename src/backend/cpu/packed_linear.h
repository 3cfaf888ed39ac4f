#pragma once
#include <cstddef>
#include <cstdint>

#include "backend/backend.h"
#include "backend/cpu/cpu_memory.h"
#include "backend/cpu/thread_team.h"

namespace tpscale::cpu {

/// Weights in panels of kPanelCols = 32 output features, one panel behind the other, outputs padded with
/// zeros; in 16 bits the inputs are padded to multiples of kBlockDepth = 32. f32 and f16: element (k, n) of a
/// panel at k * 32 + n. bf16: a panel is a row of blocks of 32 inputs, a block two tiles of 16 outputs, a
/// tile 16 rows of 64 bytes: element (k, n) at word (k / 2) * 16 + n, k even in the lower half. It is the
/// operand of the AMX tile product as it stands, and one 32-bit word widens into two fp32 by a shift and a
/// mask.
class PackedLinear final : public LinearWeights {
 public:
  PackedLinear(CpuMemory& memory, ThreadTeam& team, std::int64_t out_features, std::int64_t in_features,
               Dtype dtype);

  std::int64_t out_features() const noexcept override { return out_features_; }
  std::int64_t in_features() const noexcept override { return in_features_; }
  Dtype dtype() const noexcept override { return dtype_; }
  std::size_t bytes() const noexcept override { return buffer_.bytes(); }
  void write_rows(std::int64_t first_row, ConstTensorView rows) override;

  std::int64_t depth() const noexcept { return depth_; }  ///< in_features with padding
  std::int64_t panels() const noexcept { return panels_; }
  const void* data() const noexcept { return buffer_.data(); }
  void read_row(std::int64_t row, void* out) const;  ///< in_features elements of dtype()

 private:
  ThreadTeam& team_;
  std::int64_t out_features_;
  std::int64_t in_features_;
  Dtype dtype_;
  std::int64_t depth_;
  std::int64_t panels_;
  Buffer buffer_;
};

}  // namespace tpscale::cpu
