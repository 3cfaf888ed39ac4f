#include "support/virtual_gpu/nccl/meeting.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <ctime>
#include <random>

namespace tpscale::virtual_gpu {

struct alignas(64) Meeting::Rank {
  std::atomic<std::int32_t> process;  ///< 0: not there
  std::atomic<std::uint32_t> ready;
  std::atomic<std::uint32_t> left;
  std::array<char, 48> device;
  std::atomic<std::uint64_t> published;
  std::array<CollectiveCall, 2> calls;
  std::atomic<std::uint64_t> windows;
  std::array<std::uint64_t, 16> window_bytes;
};

struct alignas(64) Meeting::Header {
  std::uint64_t nonce;
  std::int32_t creator;
  std::int32_t descriptor;
  std::atomic<std::int32_t> ranks;
  std::atomic<std::uint32_t> anonymous;
  std::atomic<std::uint32_t> news;
  std::array<Rank, kMaxRanks> lines;
};

namespace {

constexpr std::size_t kHeaderBytes = std::size_t{1} << 16;
constexpr std::size_t kBytes = kHeaderBytes + Meeting::kMaxRanks * 2 * Meeting::kAreaBytes;

struct Invitation {
  std::int32_t process;
  std::int32_t descriptor;
  std::uint64_t nonce;
};
static_assert(sizeof(Invitation) <= NCCL_UNIQUE_ID_BYTES);

void* map(int descriptor) noexcept {
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

std::string CollectiveCall::text() const {
  constexpr std::array kNames{"nothing", "AllReduce", "AllGather", "ReduceScatter", "Broadcast"};
  std::string text = std::string(kNames.at(static_cast<std::size_t>(kind))) + " of " + std::to_string(count) +
                     " elements of type " + std::to_string(static_cast<int>(type));
  if (root >= 0) text += " from rank " + std::to_string(root);
  if (window_in != 0 || window_out != 0) {
    text += ", windows " + std::to_string(window_in) + " and " + std::to_string(window_out) + " at " +
            std::to_string(window_offset);
  }
  return text;
}

ncclUniqueId Meeting::invite() {
  static_assert(sizeof(Header) <= kHeaderBytes);
  Invitation invitation{};
  invitation.process = getpid();
  invitation.descriptor = memfd_create("virtual_nccl", MFD_CLOEXEC);
  std::random_device random;
  invitation.nonce = std::uint64_t{random()} << 32 | random() | 1;
  if (invitation.descriptor >= 0 && ftruncate(invitation.descriptor, kBytes) == 0) {
    if (void* memory = map(invitation.descriptor); memory != nullptr) {
      auto* header = static_cast<Header*>(memory);
      header->nonce = invitation.nonce;
      header->creator = invitation.process;
      header->descriptor = invitation.descriptor;
      munmap(memory, kBytes);
    }
  }
  ncclUniqueId id{};
  std::memcpy(id.internal, &invitation, sizeof(invitation));
  return id;
}

std::unique_ptr<Meeting> Meeting::join(const ncclUniqueId& id, int rank, int ranks,
                                       const std::string& device) {
  Invitation invitation{};
  std::memcpy(&invitation, id.internal, sizeof(invitation));
  const std::string path =
      "/proc/" + std::to_string(invitation.process) + "/fd/" + std::to_string(invitation.descriptor);
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* memory = lseek(file, 0, SEEK_END) == static_cast<off_t>(kBytes) ? map(file) : nullptr;
  close(file);
  if (memory == nullptr) return nullptr;
  std::unique_ptr<Meeting> meeting(new Meeting(memory, rank, ranks));
  std::int32_t said = 0;
  const bool same_size = meeting->header_->ranks.compare_exchange_strong(said, ranks) || said == ranks;
  std::int32_t nobody = 0;
  if (meeting->header_->nonce != invitation.nonce || !same_size ||
      !meeting->at(rank).process.compare_exchange_strong(nobody, getpid())) {
    return nullptr;
  }
  Rank& own = meeting->at(rank);
  std::copy_n(device.begin(), std::min(device.size(), own.device.size() - 1), own.device.begin());
  own.ready.store(1);
  return meeting;
}

Meeting::Meeting(void* memory, int rank, int ranks) noexcept
    : header_(static_cast<Header*>(memory)), rank_(rank), ranks_(ranks) {}

Meeting::~Meeting() {
  munmap(header_, kBytes);
}

Meeting::Rank& Meeting::at(int rank) const noexcept {
  return header_->lines[static_cast<std::size_t>(rank)];
}

bool Meeting::all_there() const noexcept {
  for (int r = 0; r < ranks_; ++r) {
    if (at(r).ready.load() == 0) return false;
  }
  // Nobody will look for it any more. Only the process whose descriptor it is may close it, and once.
  if (header_->creator == getpid() && header_->anonymous.exchange(1) == 0) close(header_->descriptor);
  return true;
}

std::string Meeting::device_of(int rank) const {
  return at(rank).device.data();
}

int Meeting::first_dead_rank() const noexcept {
  for (int r = 0; r < ranks_; ++r) {
    const std::int32_t process = at(r).process.load();
    if (process != 0 && kill(process, 0) != 0 && errno == ESRCH) return r;
  }
  return -1;
}

bool Meeting::all_published(std::uint64_t step) const noexcept {
  for (int r = 0; r < ranks_; ++r) {
    if (at(r).published.load(std::memory_order_acquire) < step) return false;
  }
  return true;
}

std::byte* Meeting::area(int rank, std::uint64_t step) const noexcept {
  return reinterpret_cast<std::byte*>(header_) + kHeaderBytes +
         (static_cast<std::size_t>(rank) * 2 + step % 2) * kAreaBytes;
}

void Meeting::publish(std::uint64_t step, const CollectiveCall& call) noexcept {
  at(rank_).calls[step % 2] = call;
  at(rank_).published.store(step, std::memory_order_release);
  tell();
}

const CollectiveCall& Meeting::call_of(int rank, std::uint64_t step) const noexcept {
  return at(rank).calls[step % 2];
}

void Meeting::say_window(std::uint64_t number, std::uint64_t bytes) noexcept {
  at(rank_).window_bytes[number % 16] = bytes;
  at(rank_).windows.store(number, std::memory_order_release);
}

bool Meeting::all_said_window(std::uint64_t number) const noexcept {
  for (int r = 0; r < ranks_; ++r) {
    if (at(r).windows.load(std::memory_order_acquire) < number) return false;
  }
  return true;
}

std::uint64_t Meeting::window_bytes(int rank, std::uint64_t number) const noexcept {
  return at(rank).window_bytes[number % 16];
}

void Meeting::leave() noexcept {
  at(rank_).left.store(1);
}

std::uint32_t Meeting::news() const noexcept {
  return header_->news.load(std::memory_order_acquire);
}

void Meeting::wait_for_news(std::uint32_t seen) const noexcept {
  constexpr timespec kAMillisecond{0, 1'000'000};  // an abort tells nobody
  syscall(SYS_futex, &header_->news, FUTEX_WAIT, seen, &kAMillisecond, nullptr, 0);
}

void Meeting::tell() noexcept {
  header_->news.fetch_add(1, std::memory_order_release);
  syscall(SYS_futex, &header_->news, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

bool Meeting::all_left() const noexcept {
  for (int r = 0; r < ranks_; ++r) {
    if (at(r).left.load() == 0) return false;
  }
  return true;
}

}  // namespace tpscale::virtual_gpu
