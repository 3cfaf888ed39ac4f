#pragma once
#include <string>

#include "backend/cpu/kernels/kernels.h"

namespace tpscale::cpu {

std::string to_string(Isa isa);  ///< "generic", "avx2", "avx512", "amx"
/// "auto" is the best there is. Throws UsageError for an unknown name, NotAvailableError where the machine
/// has not got it.
Isa chosen_isa(const std::string& name);
int usable_cores();            ///< of this process's affinity mask
std::string processor_name();  ///< "Intel(R) Xeon(R) Platinum 8488C"
std::string huge_page_mode();  ///< "always", "madvise", "never" or "unknown"

}  // namespace tpscale::cpu
