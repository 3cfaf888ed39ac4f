#pragma once

namespace tpscale::virtual_gpu {

/// Static __shared__ arrays are thread_local variables, which no sanitizer watches and which would keep the
/// values of the block before. They are found in the program's symbol table (not in a stripped program) and
/// filled with 0xFF, a NaN, before a block begins: those that `function` was seen to write, because filling
/// all would cost more than a kernel.
void poison_shared_arrays(const void* function);

/// Learns which arrays `function` wrote, and cleans them.
void learn_shared_arrays(const void* function);

}  // namespace tpscale::virtual_gpu
