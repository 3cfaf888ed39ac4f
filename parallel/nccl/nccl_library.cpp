#include "parallel/nccl/nccl_library.h"

#include <dlfcn.h>
#include <nccl.h>

#include <string>

#include "core/error.h"

#pragma weak ncclGetVersion

namespace tpscale::nccl {

void open_nccl() {
  if (&ncclGetVersion != nullptr) return;
  if (dlopen("libnccl.so.2", RTLD_NOW | RTLD_GLOBAL) != nullptr) return;
  throw NotAvailableError(std::string("NCCL cannot be opened: ") + dlerror() +
                          "; install libnccl2, put its folder on LD_LIBRARY_PATH, or use --communicator mpi");
}

}  // namespace tpscale::nccl
