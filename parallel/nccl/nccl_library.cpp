#include "parallel/nccl/nccl_library.h"

#include <dlfcn.h>
#include <nccl.h>

#include <string>

#include "core/error.h"
#include "parallel/nccl/nccl_result.h"

// Null in a plugin that was not linked with NCCL. Nobody else may name it: one strong reference, and the
// plugin cannot be opened.
#pragma weak ncclGetVersion

namespace tpscale::nccl {
namespace {

using GetVersion = decltype(&ncclGetVersion);

GetVersion find_get_version() {
  if (&ncclGetVersion != nullptr) return &ncclGetVersion;
  void* library = dlopen("libnccl.so.2", RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    throw NotAvailableError(
        std::string("NCCL cannot be opened: ") + dlerror() +
        "; install libnccl2, put its folder on LD_LIBRARY_PATH, or use --communicator mpi");
  }
  return reinterpret_cast<GetVersion>(dlsym(library, "ncclGetVersion"));
}

}  // namespace

int open_nccl() {
  int code = 0;
  require(find_get_version()(&code), "ncclGetVersion");
  return code;
}

}  // namespace tpscale::nccl
