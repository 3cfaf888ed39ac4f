#include "parallel/nccl/nccl_version.h"

#include "parallel/nccl/nccl_library.h"
#include "parallel/nccl/nccl_result.h"

namespace tpscale::nccl {

NcclVersion NcclVersion::loaded() {
  open_nccl();
  int code = 0;
  require(ncclGetVersion(&code), "ncclGetVersion");
  return NcclVersion(code);
}

std::string NcclVersion::text() const {
  return std::to_string(code_ / 10000) + "." + std::to_string(code_ / 100 % 100) + "." +
         std::to_string(code_ % 100);
}

}  // namespace tpscale::nccl
