#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "backend/backend.h"
#include "core/check.h"

namespace tpscale {
namespace {

class HostTransfer final : public Transfer {
 public:
  HostTransfer(Backend& backend, std::size_t most_bytes)
      : staging_(backend.allocate(most_bytes, MemoryKind::kOther)), copier_([this] { serve(); }) {}

  ~HostTransfer() override {
    {
      const std::lock_guard lock(mutex_);
      leaving_ = true;
    }
    changed_.notify_all();
    copier_.join();
  }
  HostTransfer(const HostTransfer&) = delete;
  HostTransfer& operator=(const HostTransfer&) = delete;

  void start(CopyDirection direction, CopyWay way, const PieceList& pieces, std::byte* host) override {
    check(pieces.bytes() <= staging_.bytes(), "a transfer of more bytes than it was made for");
    const Job job{direction, way, pieces, host};
    if (way != CopyWay::kEach) return post(job);
    for (std::size_t i = 0; i < pieces.offsets.size(); ++i) {
      Job one = job;
      one.pieces.offsets = pieces.offsets.subspan(i, 1);
      one.host = host + i * static_cast<std::size_t>(pieces.piece_bytes);
      post(one);
    }
  }

  void wait() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return unfinished_ == 0; });
  }

 private:
  struct Job {
    CopyDirection direction;
    CopyWay way;
    PieceList pieces;
    std::byte* host;
  };

  void post(const Job& job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(job);
      ++unfinished_;
    }
    changed_.notify_all();
  }

  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return leaving_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const Job job = jobs_.front();
      jobs_.pop_front();
      lock.unlock();
      copy(job);
      lock.lock();
      if (--unfinished_ == 0) changed_.notify_all();
    }
  }

  void copy(const Job& job) {
    const bool to_host = job.direction == CopyDirection::kToHost;
    const bool staged = job.way == CopyWay::kGathered;
    if (staged && !to_host) std::memcpy(staging_.data(), job.host, job.pieces.bytes());
    copy_pieces(job.pieces, staged ? staging_.as<std::byte>() : job.host, to_host);
    if (staged && to_host) std::memcpy(job.host, staging_.data(), job.pieces.bytes());
  }

  static void copy_pieces(const PieceList& pieces, std::byte* run, bool to_run) {
    const auto bytes = static_cast<std::size_t>(pieces.piece_bytes);
    for (const std::int64_t offset : pieces.offsets) {
      std::byte* piece = pieces.base + offset;
      std::memcpy(to_run ? run : piece, to_run ? piece : run, bytes);
      run += bytes;
    }
  }

  Buffer staging_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  ///< grows to a piece each at most, then stays
  std::size_t unfinished_ = 0;
  bool leaving_ = false;
  std::thread copier_;
};

}  // namespace

std::string_view to_string(CopyDirection direction) noexcept {
  return direction == CopyDirection::kToHost ? "d2h" : "h2d";
}

std::string_view to_string(CopyWay way) noexcept {
  switch (way) {
    case CopyWay::kEach:
      return "each";
    case CopyWay::kBatched:
      return "batched";
    case CopyWay::kGathered:
      break;
  }
  return "gathered";
}

std::unique_ptr<Transfer> make_host_transfer(Backend& backend, std::size_t most_bytes) {
  check(backend.memory_is_host(), "memory that the host cannot touch is copied by its device");
  return std::make_unique<HostTransfer>(backend, most_bytes);
}

std::unique_ptr<Transfer> Backend::make_transfer(std::size_t most_bytes, std::size_t /*most_pieces*/) {
  return make_host_transfer(*this, most_bytes);
}

}  // namespace tpscale
