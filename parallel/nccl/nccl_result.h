#pragma once
#include <nccl.h>

#include <string>

#include "core/error.h"

namespace tpscale::nccl {

/// "ncclAllReduce failed: unhandled cuda error (the detail NCCL remembers)". `comm` may be null.
std::string sentence_of(ncclResult_t result, const std::string& what, ncclComm_t comm);

/// Throws an Error with that sentence unless `result` is ncclSuccess.
inline void require(ncclResult_t result, const char* what) {
  if (result != ncclSuccess) throw Error(ExitCode::kFailure, sentence_of(result, what, nullptr));
}

}  // namespace tpscale::nccl
