#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "bench/store/bytes.h"
#include "bench/store/hdf5_handle.h"

namespace tpscale {

/// An HDF5 file in memory (the core driver without a backing file). HDF5 never sees the disk: a full disk, an
/// I/O error or a file that shrinks while it is read cannot put it into a state from which it crashes.
class FileImage {
 public:
  /// An empty file in the latest format; links and attributes keep their order.
  static FileImage create();
  /// Opens a copy of `bytes` for reading.
  static FileImage open(const Bytes& bytes);

  hid_t root() const noexcept { return file_.get(); }
  /// Closes the file, checked, and returns its bytes.
  Bytes finish() &&;

 private:
  struct Closed;
  FileImage(std::shared_ptr<Closed> closed, Hdf5Handle file)
      : closed_(std::move(closed)), file_(std::move(file)) {}

  std::shared_ptr<Closed> closed_;  ///< outlives the file, which puts its memory here when it closes
  Hdf5Handle file_;
};

/// Creation properties of a group (H5P_GROUP_CREATE), a dataset (H5P_DATASET_CREATE) or a file: order
/// tracked, all attributes and links in the object header, which is checksummed (HDF5's heaps are only in
/// parts); no time stamps.
Hdf5Handle creation_properties(hid_t property_class);

}  // namespace tpscale
