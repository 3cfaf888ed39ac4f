#pragma once
#include "backend/ops.h"
#include "comm/communicator.h"

namespace tpscale {

/// What a step runs on: passed down with every call, so that an instrumented repetition hands over timing
/// decorators of both and nothing else changes.
struct Execution {
  Ops& ops;
  Communicator& comm;
};

}  // namespace tpscale
