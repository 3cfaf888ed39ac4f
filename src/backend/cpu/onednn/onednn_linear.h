#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "backend/cpu/cpu_memory.h"
#include "backend/linear_weights.h"

namespace tpscale::cpu {

/// The reference arm of linear layers: oneDNN's inner product on weights in the layout oneDNN likes best for
/// the first product asked for. A table that is also looked up stays as plain rows.
class OneDnnLinear : public LinearWeights {
 public:
  virtual void multiply(TensorView out, ConstTensorView x, const float* bias) const = 0;
  virtual void read_row(std::int64_t row, void* out) const = 0;  ///< only where `lookup` was asked for
};

/// Empty where the build has no oneDNN, else its version.
std::string onednn_version();

/// Throws NotAvailableError where oneDNN is not in the build or has no kernel for the dtype here.
std::unique_ptr<OneDnnLinear> make_onednn_linear(CpuMemory& memory, int threads, std::int64_t out_features,
                                                 std::int64_t in_features, Dtype dtype, bool lookup);

}  // namespace tpscale::cpu
