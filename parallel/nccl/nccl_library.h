#pragma once

namespace tpscale::nccl {

/// Opens libnccl for the whole process, where the program was not linked with it: a machine with GPUs and no
/// NCCL still has the backend. Throws NotAvailableError. The calls are bound when they are first made
/// (`-z lazy`), which must be after this.
void open_nccl();

}  // namespace tpscale::nccl
