#pragma once
#include "backend/cpu/kernels/kernels.h"

namespace tpscale::cpu {

const Kernels& generic_kernels(Dtype dtype);

/// nullptr where the build or this machine (or its system) has not got the set. Implemented once a processor
/// family.
const Kernels* isa_kernels(Isa isa, Dtype dtype);

}  // namespace tpscale::cpu
