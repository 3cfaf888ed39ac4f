#include "backend/cpu/onednn/onednn_linear.h"
#include "core/error.h"

namespace tpscale::cpu {

std::string onednn_version() {
  return {};
}

std::unique_ptr<OneDnnLinear> make_onednn_linear(CpuMemory& /*memory*/, int /*threads*/,
                                                 std::int64_t /*out_features*/, std::int64_t /*in_features*/,
                                                 Dtype /*dtype*/, bool /*lookup*/) {
  throw NotAvailableError("oneDNN is not in this build; use --linear packed");
}

}  // namespace tpscale::cpu
