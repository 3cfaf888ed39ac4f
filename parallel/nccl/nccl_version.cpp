#include "parallel/nccl/nccl_version.h"

#include "parallel/nccl/nccl_library.h"

namespace tpscale::nccl {

NcclVersion NcclVersion::loaded() {
  return NcclVersion(open_nccl());
}

std::string NcclVersion::text() const {
  return std::to_string(code_ / 10000) + "." + std::to_string(code_ / 100 % 100) + "." +
         std::to_string(code_ % 100);
}

}  // namespace tpscale::nccl
