#pragma once
#include <string>
#include <vector>

#include "bench/store/file_image.h"
#include "bench/store/store.h"

namespace tpscale {

/// Puts point files together into results.h5 as schema.md says.
class ResultsFile {
 public:
  explicit ResultsFile(const LaunchIdentity& identity);
  void add(const std::string& id, const Bytes& point_file);  ///< throws Hdf5Error
  Bytes finish() &&;

 private:
  FileImage file_;
  Hdf5Handle points_;
};

}  // namespace tpscale
