#include "parallel/mpi/shared_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <utility>

namespace tpscale::mpi {
namespace {

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

/// Where the first rank's memory is to be found, and how to know that it is the right one: a process of the
/// same number may be another one's where ranks live in different process namespaces.
struct Invitation {
  std::int64_t process = 0;
  std::int64_t descriptor = -1;
  std::uint64_t nonce = 0;
};

std::shared_ptr<void> map(const File& file, std::size_t bytes) {
  if (file.get() < 0) return nullptr;
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (data == MAP_FAILED) return nullptr;
  return {data, [bytes](void* at) { munmap(at, bytes); }};
}

bool all_agree(const Comm& comm, bool mine) {
  int all = mine ? 1 : 0;
  require(MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, comm.get()), "MPI_Allreduce");
  return all == 1;
}

}  // namespace

std::shared_ptr<void> make_shared_region(const Comm& comm, std::size_t bytes) {
  const bool first = comm.rank() == 0;
  File file(first ? memfd_create("tpscale", MFD_CLOEXEC) : -1);
  std::shared_ptr<void> memory;
  Invitation invitation;
  if (first && file.get() >= 0 && ftruncate(file.get(), static_cast<off_t>(bytes)) == 0)
    memory = map(file, bytes);
  if (memory != nullptr) {
    std::random_device random;
    invitation = {getpid(), file.get(), std::uint64_t{random()} << 32 | random()};
    std::memcpy(memory.get(), &invitation.nonce, sizeof(invitation.nonce));
  }
  require(MPI_Bcast(&invitation, sizeof(invitation), MPI_BYTE, 0, comm.get()), "MPI_Bcast");
  if (!first && invitation.descriptor >= 0) {
    const std::string path =
        "/proc/" + std::to_string(invitation.process) + "/fd/" + std::to_string(invitation.descriptor);
    const File theirs(open(path.c_str(), O_RDWR | O_CLOEXEC));
    // A smaller file would end this process with SIGBUS at the first look.
    if (theirs.get() >= 0 && lseek(theirs.get(), 0, SEEK_END) == static_cast<off_t>(bytes))
      memory = map(theirs, bytes);
    if (memory != nullptr && std::memcmp(memory.get(), &invitation.nonce, sizeof(invitation.nonce)) != 0)
      memory.reset();
  }
  const bool usable = all_agree(comm, memory != nullptr);
  if (first && memory != nullptr) std::memset(memory.get(), 0, sizeof(invitation.nonce));
  // Nobody uses it before it is zero again.
  require(MPI_Barrier(comm.get()), "MPI_Barrier");
  if (!usable) memory.reset();
  return memory;
}

}  // namespace tpscale::mpi
