#pragma once
#pragma GCC system_header
// The toolkit's header and what nvcc adds to it when it compiles device code. The vendor's cudaLaunchKernelEx
// erases the types of the arguments, so it steps aside for one that keeps copies of them.
#define cudaLaunchKernelEx vendor_cudaLaunchKernelEx
#include_next <cuda_runtime.h>
#undef cudaLaunchKernelEx

#undef __shared__
// The tag makes the arrays findable by their names in the symbol table (runtime/shared_arrays.h).
#define __shared__ __attribute__((abi_tag("virtual_gpu_shared"))) thread_local
#ifndef __grid_constant__
#define __grid_constant__
#endif
#undef __launch_bounds__
#define __launch_bounds__(...)

#include "support/virtual_gpu/thread_index.h"
#include "virtual_gpu/atomics.h"
#include "virtual_gpu/barriers.h"
#include "virtual_gpu/bits.h"
#include "virtual_gpu/functions.h"
#include "virtual_gpu/launch.h"
#include "virtual_gpu/loads.h"
#include "virtual_gpu/math.h"
#include "virtual_gpu/shuffles.h"
#include "virtual_gpu/votes.h"
