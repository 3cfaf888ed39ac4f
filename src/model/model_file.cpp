#include "model/model_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "model/flat_json.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;

std::string reason() {
  return std::generic_category().message(errno);
}

/// Where a link may lead: the folder itself, or the blobs beside snapshots/ of a Hugging Face cache entry.
bool allowed(const fs::path& root, const fs::path& target) {
  if (target.parent_path() == root) return true;
  const fs::path entry = root.parent_path().parent_path();
  return root.parent_path().filename() == "snapshots" && entry.filename().string().starts_with("models--") &&
         target.parent_path() == entry / "blobs";
}

fs::path resolve(const std::string& folder, const std::string& name) {
  const fs::path root_name = folder.empty() ? fs::path(".") : fs::path(folder);
  const std::string shown = printable((root_name / name).string());
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos) {
    throw BadDataError("'" + printable(name) + "' is not a plain file name inside the model folder");
  }
  std::error_code error;
  const fs::path root = fs::canonical(root_name, error);
  if (error) throw MissingInputError("cannot open folder '" + printable(folder) + "': " + error.message());
  fs::path target = fs::canonical(root / name, error);
  if (error) throw MissingInputError("cannot open '" + shown + "': " + error.message());
  if (!allowed(root, target)) {
    throw BadDataError("'" + shown +
                       "' is a link that leads out of the model folder: replace it by the file");
  }
  return target;
}

}  // namespace

ModelFile::ModelFile(const std::string& folder, const std::string& name)
    : path_((fs::path(folder) / name).string()) {
  const fs::path target = resolve(folder, name);
  // NONBLOCK: opening a pipe must not wait for its writer. NOFOLLOW: the target has been resolved.
  descriptor_ = ::open(target.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor_ < 0) throw InputOutputError("cannot open '" + printable(path_) + "': " + reason());
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw BadDataError("'" + printable(path_) + "' is not a regular file");
  }
  size_ = status.st_size;
}

ModelFile::~ModelFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ModelFile::ModelFile(ModelFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

void ModelFile::read(std::int64_t offset, void* out, std::int64_t bytes) const {
  auto* to = static_cast<char*>(out);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, to, static_cast<std::size_t>(bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw InputOutputError("cannot read '" + printable(path_) + "': " + reason());
    if (got == 0) throw InputOutputError("'" + printable(path_) + "' has become shorter while it was read");
    to += got;
    offset += got;
    bytes -= got;
  }
}

std::string ModelFile::read_all(std::int64_t largest) const {
  if (size_ > largest) {
    throw BadDataError("'" + printable(path_) + "' has " + std::to_string(size_) + " bytes: at most " +
                       std::to_string(largest) + " are read");
  }
  std::string text(static_cast<std::size_t>(size_), '\0');
  read(0, text.data(), size_);
  return text;
}

}  // namespace tpscale
