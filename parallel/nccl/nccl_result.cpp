#include "parallel/nccl/nccl_result.h"

namespace tpscale::nccl {

std::string sentence_of(ncclResult_t result, const std::string& what, ncclComm_t comm) {
  std::string sentence = what + " failed: " + ncclGetErrorString(result);
  const char* detail = ncclGetLastError(comm);
  if (detail != nullptr && *detail != '\0') sentence += std::string(" (") + detail + ")";
  return sentence + "; NCCL_DEBUG=WARN says more";
}

}  // namespace tpscale::nccl
