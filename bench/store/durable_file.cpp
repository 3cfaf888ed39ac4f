#include "bench/store/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 30;

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
  throw InputOutputError("cannot " + what + " " + path + ": " + std::generic_category().message(error) +
                         "; free space there or choose another folder with -o");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  int close() noexcept { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

/// Removes the temporary file unless it is gone already.
class TemporaryName {
 public:
  explicit TemporaryName(std::string path) : path_(std::move(path)) {}
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  ~TemporaryName() {
    if (!gone_) ::unlink(path_.c_str());
  }
  const std::string& path() const noexcept { return path_; }
  void rename_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) fail("rename to", path, errno);
    gone_ = true;
  }
  void remove() {
    remove_file(path_);
    gone_ = true;
  }

 private:
  std::string path_;
  bool gone_ = false;
};

std::string temporary_name(const std::string& path) {
  char host[256] = "host";
  ::gethostname(host, sizeof host - 1);
  return path + "." + host + "." + std::to_string(::getpid()) + ".partial";
}

void write_all(int fd, const Bytes& bytes, const std::string& path) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (count == 0 || errno != EINTR) {
      fail("write", path, count == 0 ? EIO : errno);
    }
  }
}

void sync_folder_of(const std::string& path) {
  const std::string folder = (std::filesystem::path(path).parent_path() / ".").string();
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) fail("open the folder", folder, errno);
  // Some network file systems cannot sync a folder and say EINVAL: there is nothing better to do there.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) fail("sync the folder", folder, errno);
}

/// Writes a temporary file of nobody else, read-only and on the disk.
void write_temporary(const std::string& path, const Bytes& bytes) {
  remove_file(path);  // left by a killed process that had our number; a point with this second name stays
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (fd.get() < 0) fail("create", path, errno);
  write_all(fd.get(), bytes, path);
  if (::fchmod(fd.get(), 0444) != 0) fail("make read-only", path, errno);
  if (::fsync(fd.get()) != 0) fail("sync", path, errno);
  if (fd.close() != 0) fail("close", path, errno);
}

/// What link() says where there are no hard links, or none to this file.
bool has_no_links(int error) {
  return error == EPERM || error == EOPNOTSUPP || error == ENOSYS || error == EMLINK;
}

}  // namespace

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("remove", path, errno);
}

void write_durably(const std::string& path, const Bytes& bytes) {
  TemporaryName temporary(temporary_name(path));
  write_temporary(temporary.path(), bytes);
  temporary.rename_to(path);
  sync_folder_of(path);
}

bool write_new_durably(const std::string& path, const Bytes& bytes) {
  TemporaryName temporary(temporary_name(path));
  write_temporary(temporary.path(), bytes);
  if (::link(temporary.path().c_str(), path.c_str()) == 0) {
    temporary.remove();
  } else if (const int error = errno; error == EEXIST) {
    // A server that answers a link twice says EEXIST the second time: the file is ours all the same.
    std::error_code unreadable;
    if (!std::filesystem::equivalent(temporary.path(), path, unreadable)) return false;
    temporary.remove();
  } else if (has_no_links(error)) {
    temporary.rename_to(path);
  } else {
    fail("link to", path, error);
  }
  sync_folder_of(path);
  return true;
}

void keep_as(const std::string& path, const std::string& kept) {
  if (::link(path.c_str(), kept.c_str()) == 0 || errno == EEXIST || errno == ENOENT) return;
  if (const int error = errno; !has_no_links(error)) fail("link to", kept, error);
  if (::rename(path.c_str(), kept.c_str()) != 0 && errno != ENOENT) fail("rename to", kept, errno);
}

std::optional<Bytes> read_whole(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    throw InputOutputError("cannot open " + path + ": " + std::generic_category().message(errno));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw BadDataError(path + " is not a regular file");
  if (static_cast<std::size_t>(status.st_size) > kLargestFile)
    throw BadDataError(path + " is larger than 1 GiB");
  Bytes bytes(static_cast<std::size_t>(status.st_size));
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (count == 0) {
      throw BadDataError(path + " became shorter while it was read");
    } else if (errno != EINTR) {
      throw InputOutputError("cannot read " + path + ": " + std::generic_category().message(errno));
    }
  }
  return bytes;
}

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail("make the folder", path, error.value());
}

}  // namespace tpscale
