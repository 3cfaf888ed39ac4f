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

/// Removes the temporary file unless it was renamed.
class TemporaryName {
 public:
  explicit TemporaryName(std::string path) : path_(std::move(path)) {}
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  ~TemporaryName() {
    if (!renamed_) ::unlink(path_.c_str());
  }
  const std::string& path() const noexcept { return path_; }
  void renamed() noexcept { renamed_ = true; }

 private:
  std::string path_;
  bool renamed_ = false;
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

}  // namespace

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("remove", path, errno);
}

void write_durably(const std::string& path, const Bytes& bytes) {
  TemporaryName temporary(temporary_name(path));
  const char* name = temporary.path().c_str();
  remove_file(temporary.path());  // left by a killed process that had our number
  Descriptor fd(::open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (fd.get() < 0) fail("create", temporary.path(), errno);
  write_all(fd.get(), bytes, temporary.path());
  if (::fchmod(fd.get(), 0444) != 0) fail("make read-only", temporary.path(), errno);
  if (::fsync(fd.get()) != 0) fail("sync", temporary.path(), errno);
  if (fd.close() != 0) fail("close", temporary.path(), errno);
  if (::rename(name, path.c_str()) != 0) fail("rename to", path, errno);
  temporary.renamed();
  sync_folder_of(path);
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
