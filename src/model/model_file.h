#pragma once
#include <cstdint>
#include <string>

namespace tpscale {

/// A regular file of a model folder, open for reading. Its name is a plain file name; symbolic links are
/// resolved and must stay inside the folder, or, where the folder is a snapshot of a Hugging Face cache
/// (models--X/snapshots/Y), inside that cache entry's blobs. Read by pread: a file that shrinks meanwhile is
/// a short read, not a signal.
class ModelFile {
 public:
  /// Throws MissingInputError where there is no such file, BadDataError where the name or the link is not
  /// allowed.
  ModelFile(const std::string& folder, const std::string& name);
  ~ModelFile();
  ModelFile(ModelFile&& other) noexcept;
  ModelFile& operator=(ModelFile&&) = delete;
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;

  const std::string& path() const noexcept { return path_; }
  std::int64_t size() const noexcept { return size_; }
  /// Thread-safe. Throws InputOutputError on an error and on a short read.
  void read(std::int64_t offset, void* out, std::int64_t bytes) const;
  /// The whole text. Throws BadDataError where the file is larger than `largest`.
  std::string read_all(std::int64_t largest) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace tpscale
