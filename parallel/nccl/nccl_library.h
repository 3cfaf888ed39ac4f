#pragma once

namespace tpscale::nccl {

/// Opens libnccl for the whole process, where the program was not linked with it: a machine with GPUs and no
/// NCCL still has the backend. Returns ncclGetVersion's code. Throws NotAvailableError. The other calls are
/// bound when they are first made (`-z lazy`), which must be after this.
int open_nccl();

}  // namespace tpscale::nccl
