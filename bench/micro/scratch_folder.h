#pragma once
#include <filesystem>
#include <string>

namespace tpscale {

/// A new empty folder of this process, gone with all in it when this is.
class ScratchFolder {
 public:
  /// Below `where`; empty: the system's temporary folder. Throws InputOutputError.
  explicit ScratchFolder(const std::string& where);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tpscale
