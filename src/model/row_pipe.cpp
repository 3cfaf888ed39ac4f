#include "model/row_pipe.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace tpscale {
namespace {

constexpr std::int64_t kPieceBytes = 2 << 20;
constexpr std::int64_t kRowMultiple = 64;  // pieces end where panels of packed weights do
constexpr std::size_t kPieces = 3;         // one read, one handed over, one between

struct Piece {
  LinearWeights* target = nullptr;
  std::int64_t first_row = 0;
  ConstTensorView rows;
  std::vector<std::byte> bytes;
};

std::int64_t rows_of_piece(std::int64_t row_bytes) {
  const std::int64_t rows = kPieceBytes / row_bytes;
  return rows >= kRowMultiple ? rows / kRowMultiple * kRowMultiple : std::max<std::int64_t>(rows, 1);
}

/// A ring of pieces between the reading and the writing thread.
class Ring {
 public:
  /// The next piece to fill, nullptr when the writer has given up.
  Piece* begin_fill() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || filled_ - emptied_ < kPieces; });
    return stopped_ ? nullptr : &pieces_[filled_ % kPieces];
  }
  void end_fill() {
    const std::lock_guard lock(mutex_);
    ++filled_;
    changed_.notify_all();
  }
  /// No piece will follow; `error` is what ended the reading, if anything did.
  void finish(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    error_ = std::move(error);
    changed_.notify_all();
  }
  /// The next filled piece, nullptr at the end. Throws what ended the reading.
  Piece* begin_empty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return finished_ || emptied_ < filled_; });
    if (emptied_ < filled_) return &pieces_[emptied_ % kPieces];
    if (error_) std::rethrow_exception(error_);
    return nullptr;
  }
  void end_empty() {
    const std::lock_guard lock(mutex_);
    ++emptied_;
    changed_.notify_all();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Piece, kPieces> pieces_;
  std::size_t filled_ = 0;
  std::size_t emptied_ = 0;
  bool finished_ = false;
  bool stopped_ = false;
  std::exception_ptr error_;
};

void fill(Ring& ring, const ModelSource& source, const RowJob& job) {
  const Dtype dtype = source.dtype_of(job.slice.name);
  const std::int64_t row_bytes = job.slice.cols * static_cast<std::int64_t>(size_of(dtype));
  const std::int64_t rows_at_once = rows_of_piece(row_bytes);
  for (std::int64_t done = 0; done < job.slice.rows; done += rows_at_once) {
    Piece* piece = ring.begin_fill();
    if (piece == nullptr) return;
    TensorSlice slice = job.slice;
    slice.first_row += done;
    slice.rows = std::min(rows_at_once, job.slice.rows - done);
    if (const auto needed = static_cast<std::size_t>(slice.rows * row_bytes); piece->bytes.size() < needed) {
      piece->bytes.resize(needed);
    }
    source.read(slice, piece->bytes.data());
    piece->target = job.target;
    piece->first_row = job.first_row + done;
    piece->rows = ConstTensorView(piece->bytes.data(), dtype, slice.rows, slice.cols);
    ring.end_fill();
  }
}

}  // namespace

void run_row_jobs(const ModelSource& source, const std::vector<RowJob>& jobs) {
  Ring ring;
  std::jthread reader([&] {
    try {
      for (const RowJob& job : jobs) fill(ring, source, job);
      ring.finish(nullptr);
    } catch (...) {
      ring.finish(std::current_exception());
    }
  });
  try {
    while (Piece* piece = ring.begin_empty()) {
      piece->target->write_rows(piece->first_row, piece->rows);
      ring.end_empty();
    }
  } catch (...) {
    ring.stop();
    throw;
  }
}

}  // namespace tpscale
