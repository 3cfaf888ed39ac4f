#pragma once

namespace tpscale::virtual_gpu {

/// Fills the static __shared__ arrays that `function` is known to use with 0xFF, on this host thread.
void poison_shared_arrays(const void* function);

/// After a launch: learns which arrays `function` uses.
void learn_shared_arrays(const void* function);

}  // namespace tpscale::virtual_gpu
