#pragma once
#include <cstddef>

namespace tpscale::cpu {

/// What the kernel says of this process and its machine, in bytes. A control group's limit counts as the
/// machine.
struct ProcessMemory {
  std::size_t resident = 0;
  std::size_t peak_resident = 0;  ///< since reset_peak_resident() where that is allowed
  std::size_t available = 0;
  std::size_t total = 0;
};

ProcessMemory read_process_memory();
void reset_peak_resident() noexcept;  ///< does nothing where the system does not allow it

}  // namespace tpscale::cpu
