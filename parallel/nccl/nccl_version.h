#pragma once
#include <string>

namespace tpscale::nccl {

/// The version of the library that was loaded, which may be another than that of the headers.
class NcclVersion {
 public:
  /// Opens the library where it is not; throws NotAvailableError where there is none.
  static NcclVersion loaded();
  /// As ncclGetVersion codes it since 2.9: 10000 * major + 100 * minor + patch.
  explicit NcclVersion(int code) noexcept : code_(code) {}

  int code() const noexcept { return code_; }
  bool at_least(int major, int minor) const noexcept { return code_ >= 10000 * major + 100 * minor; }
  std::string text() const;  ///< "2.28.9"

 private:
  int code_;
};

}  // namespace tpscale::nccl
