#include "bench/store/hdf5_handle.h"

namespace tpscale {
namespace {

extern "C" herr_t keep_innermost(unsigned depth, const H5E_error2_t* entry, void* text) {
  if (depth == 0 && entry->desc != nullptr) *static_cast<std::string*>(text) = entry->desc;
  return 0;
}

}  // namespace

void prepare_hdf5() {
  static const bool prepared = [] {
    // HDF5's exit handler crashes where a file could not be closed. It must be refused before the library
    // starts.
    H5dont_atexit();
    H5open();
    return true;
  }();
  (void)prepared;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void throw_hdf5_error(const std::string& what) {
  std::string cause;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &cause);
  throw Hdf5Error(what + (cause.empty() ? " failed" : ": " + cause));
}

}  // namespace tpscale
