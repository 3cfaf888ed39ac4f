#include "bench/store/results_file.h"

#include "bench/store/hdf5_read.h"
#include "bench/store/hdf5_write.h"

namespace tpscale {

ResultsFile::ResultsFile(const LaunchIdentity& identity)
    : file_(FileImage::create()), points_(make_group(file_.root(), "points")) {
  const Hdf5Handle root = open_group(file_.root(), "/");
  write_attribute(root.get(), "format", Value(std::string("tpscale-results")));
  write_attribute(root.get(), "schema_version", Value(std::int64_t{1}));
  write_attribute(root.get(), "binary_hash", Value(identity.binary_hash));
  write_attribute(root.get(), "weights_hash", Value(identity.weights_hash));
  write_attribute(root.get(), "hardware", Value(identity.hardware));
}

void ResultsFile::add(const std::string& id, const Bytes& point_file) {
  const FileImage point = FileImage::open(point_file);
  require_hdf5(H5Ocopy(point.root(), "/", points_.get(), id.c_str(), H5P_DEFAULT, H5P_DEFAULT),
               "copy point " + id);
}

Bytes ResultsFile::finish() && {
  points_.close();
  Hdf5Handle root = open_group(file_.root(), "/");
  write_attribute(root.get(), "complete", Value(std::int64_t{1}));
  root.close();
  return std::move(file_).finish();
}

}  // namespace tpscale
