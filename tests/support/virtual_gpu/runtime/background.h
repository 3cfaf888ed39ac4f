#pragma once
#include "support/virtual_gpu/runtime/machine.h"

namespace tpscale::virtual_gpu {

/// A device goes on while its host waits for something else: for another rank, say, that waits for this
/// rank's part of a collective. Queued work that nobody has touched for VIRTUAL_GPU_PATIENCE milliseconds
/// (50; 0: never) is run by a thread of its own. Called with every piece of work that is queued.
void keep_going(Lock& lock);

}  // namespace tpscale::virtual_gpu
