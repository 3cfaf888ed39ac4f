#pragma once
#include <string>
#include <vector>

#include "bench/store/store.h"

namespace tpscale {

/// The folder of a launch: where its files are, and whose it is.
class LaunchFolder {
 public:
  /// What open_hdf5_store promises: made, tried for writing, identity compared or written.
  LaunchFolder(std::string path, bool resume, const LaunchIdentity& identity);

  const std::string& path() const noexcept { return path_; }
  std::string point_file(const std::string& id) const { return path_ + "/points/" + id + ".h5"; }
  std::string results_file() const { return path_ + "/results.h5"; }
  std::vector<std::string> point_ids() const;  ///< of all published files, sorted

 private:
  std::string identity_file() const { return path_ + "/launch.json"; }
  void compare_identity(const LaunchIdentity& identity) const;

  std::string path_;
};

}  // namespace tpscale
