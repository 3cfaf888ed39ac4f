#pragma once

namespace tpscale::virtual_gpu {

/// Static __shared__ arrays are thread_local variables, which no sanitizer watches and which would keep the
/// values of the block before. They are found in the program's symbol table (not in a stripped program) and
/// filled with 0xFF, a NaN, before a block begins: those that `function` was seen to write, because filling
/// all would cost more than a kernel.
void poison_shared_arrays(const void* function);

/// After a block: learns which arrays `function` wrote, and cleans them; after its first launch only where
/// `last` says that the launch ends.
void learn_shared_arrays(const void* function, bool last);

}  // namespace tpscale::virtual_gpu
