#include "support/virtual_gpu/runtime/block.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <new>
#include <string>

#include "support/virtual_gpu/runtime/random.h"
#include "support/virtual_gpu/runtime/sanitizer.h"
#include "support/virtual_gpu/runtime/shared_arrays.h"
#include "support/virtual_gpu/stand_in.h"
#include "support/virtual_gpu/thread_index.h"

namespace tpscale::virtual_gpu {
namespace {

constexpr std::size_t kSharedBytes = 228 * 1024;  // of a multiprocessor of compute capability 9.0
constexpr std::align_val_t kSharedAlignment{128};
thread_local Block* running_block = nullptr;

std::string coordinates(uint3 at) {
  return "(" + std::to_string(at.x) + "," + std::to_string(at.y) + "," + std::to_string(at.z) + ")";
}
bool same_place(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}
std::string written(const std::source_location& place) {
  return std::string(place.file_name()) + ":" + std::to_string(place.line());
}

}  // namespace

Block::Block() : shared_memory_(::operator new(kSharedBytes, kSharedAlignment)) {}

Block::~Block() {
  unpoison(shared_memory_, kSharedBytes);
  ::operator delete(shared_memory_, kSharedAlignment);
}

Block& Block::of_this_host_thread() {
  thread_local Block block;
  return block;
}

Block* Block::running() {
  return running_block;
}

void Block::run(const Kernel& kernel, dim3 index) {
  kernel_ = &kernel;
  index_ = index;
  size_ = static_cast<int>(kernel.block.x * kernel.block.y * kernel.block.z);
  done_ = 0;
  at_barrier_ = 0;
  chosen_ = nullptr;
  number_threads(kernel.block);
  threads_.resize(std::max(threads_.size(), static_cast<std::size_t>(size_)));
  warps_.resize(static_cast<std::size_t>((size_ + 31) / 32));
  for (std::size_t warp = 0; warp < warps_.size(); ++warp) {
    const int lanes = std::min(32, size_ - static_cast<int>(warp) * 32);
    Warp& it = warps_[warp];
    it.exists = lanes == 32 ? kFullMask : (1U << static_cast<unsigned>(lanes)) - 1;
    it.runnable = it.exists;
    it.done = 0;
    it.open_meetings = 0;
    it.draw_order();
  }
  prepare_shared_memory();
  running_block = this;
  blockIdx = {index.x, index.y, index.z};
  blockDim = kernel.block;
  gridDim = kernel.grid;
  handed_over_ = choose();
  fibre_ = &idle_fibre();
  fibre_->switch_from(host_);
  running_block = nullptr;
}

void Block::prepare_shared_memory() {
  unpoison(shared_memory_, kSharedBytes);
  std::memset(shared_memory_, 0xFF, kernel_->shared_bytes);  // whoever reads before writing reads NaN
  poison(static_cast<std::byte*>(shared_memory_) + kernel_->shared_bytes,
         kSharedBytes - kernel_->shared_bytes);
}

void Block::fibre_entry(void* block) {
  static_cast<Block*>(block)->work();
}

void Block::work() {
  for (;;) {
    int next = handed_over_;
    while (next >= 0 && threads_[static_cast<std::size_t>(next)].fibre == nullptr) {
      begin_thread(next);
      end_thread();
      next = choose();
    }
    Fibre* self = fibre_;
    idle_.push_back(self);
    if (next >= 0) {
      current_ = next;
      fibre_ = threads_[static_cast<std::size_t>(next)].fibre;
      fibre_->switch_from(*self);
    } else if (done_ == size_) {
      host_.switch_from(*self);
    } else {
      report_deadlock();
    }
  }
}

int Block::choose() {
  if (chosen_ == nullptr || chosen_->runnable == 0) {
    chosen_ = nullptr;
    for (const Warp& warp : warps_) {
      if (warp.runnable != 0 && (chosen_ == nullptr || warp.priority > chosen_->priority)) chosen_ = &warp;
    }
    if (chosen_ == nullptr) return -1;
  }
  return static_cast<int>(chosen_ - warps_.data()) * 32 + chosen_->next_lane();
}

void Block::begin_thread(int thread) {
  current_ = thread;
  threadIdx = indices_[static_cast<std::size_t>(thread)];
  kernel_->body();
}

void Block::end_thread() {
  Thread& thread = threads_[static_cast<std::size_t>(current_)];
  if (!thread.copies.none_left()) {
    report_bug("the thread ends with a cp.async in flight that it never waited for, issued at " +
               written(thread.copies.first_place()));
  }
  thread.copies.clear();
  Warp& warp = warps_[static_cast<std::size_t>(current_ / 32)];
  const unsigned bit = 1U << static_cast<unsigned>(current_ % 32);
  warp.runnable &= ~bit;
  warp.done |= bit;
  ++done_;
}

Fibre& Block::idle_fibre() {
  if (idle_.empty()) {
    fibres_.push_back(std::make_unique<Fibre>(stacks_, &Block::fibre_entry, this));
    return *fibres_.back();
  }
  Fibre* fibre = idle_.back();
  idle_.pop_back();
  return *fibre;
}

void Block::wait(const char* what, std::source_location place) {
  const int self = current_;
  Thread& thread = threads_[static_cast<std::size_t>(self)];
  thread.waits_in = what;
  thread.place = place;
  thread.fibre = fibre_;
  const int next = choose();
  if (next < 0) report_deadlock();
  if (next != self) {
    Fibre* mine = fibre_;
    Fibre* other = threads_[static_cast<std::size_t>(next)].fibre;
    if (other == nullptr) {
      other = &idle_fibre();
      handed_over_ = next;
    }
    current_ = next;
    fibre_ = other;
    other->switch_from(*mine);
    threadIdx = indices_[static_cast<std::size_t>(self)];
  }
  thread.fibre = nullptr;
  thread.waits_in = nullptr;
}

void Block::meet_block(std::source_location place) {
  if (at_barrier_ == 0) {
    barrier_place_ = place;
    first_at_barrier_ = current_;
  } else if (!same_place(place, barrier_place_)) {
    report_bug("a divergent barrier: this thread waits in __syncthreads at " + written(place) +
               ", but thread " + coordinates(indices_[static_cast<std::size_t>(first_at_barrier_)]) +
               " waits in the one at " + written(barrier_place_));
  }
  if (++at_barrier_ < size_) {
    warps_[static_cast<std::size_t>(current_ / 32)].runnable &= ~(1U << static_cast<unsigned>(current_ % 32));
  } else {
    at_barrier_ = 0;
    chosen_ = nullptr;
    for (Warp& warp : warps_) {
      warp.runnable = warp.exists;
      warp.draw_order();
    }
  }
  wait("__syncthreads", place);
}

void Block::meet_warp(unsigned mask, const char* what, void* lane, Finish finish,
                      std::source_location place) {
  Warp& warp = warps_[static_cast<std::size_t>(current_ / 32)];
  const auto number = static_cast<unsigned>(current_ % 32);
  const unsigned bit = 1U << number;
  if ((mask & bit) == 0)
    report_bug(std::string(what) + " at " + written(place) + " by a lane that is not in its mask");
  WarpMeeting* meeting = warp.meeting_of(bit);
  if (meeting == nullptr) {
    meeting = &warp.open_meeting();
    meeting->mask = mask;
    meeting->arrived = 0;
    meeting->what = what;
    meeting->place = place;
    if (mask != kFullMask) std::fill(std::begin(meeting->lanes), std::end(meeting->lanes), nullptr);
  } else if (meeting->mask != mask || (meeting->what != what && std::strcmp(meeting->what, what) != 0) ||
             !same_place(meeting->place, place)) {
    report_bug("a divergent warp: this lane is at " + std::string(what) + " at " + written(place) +
               ", but other lanes of its mask wait for it in " + meeting->what + " at " +
               written(meeting->place));
  }
  meeting->arrived |= bit;
  meeting->lanes[number] = lane;
  if (meeting->arrived != mask) {
    warp.runnable &= ~bit;
  } else {
    if (finish != nullptr) finish(meeting->lanes, mask);
    warp.runnable |= mask;
    warp.close(*meeting);
    if (draw_below(4) == 0) {
      warp.draw_order();
      chosen_ = nullptr;
    }
  }
  wait(what, place);
}

void Block::number_threads(dim3 block) {
  if (block.x == numbered_.x && block.y == numbered_.y && block.z == numbered_.z) return;
  numbered_ = block;
  indices_.clear();
  for (unsigned number = 0; number < block.x * block.y * block.z; ++number) {
    indices_.push_back({number % block.x, number / block.x % block.y, number / (block.x * block.y)});
  }
}

std::string Block::describe(int thread) const {
  return function_name(kernel_->function) + ", block " + coordinates({index_.x, index_.y, index_.z}) +
         ", thread " + coordinates(indices_[static_cast<std::size_t>(thread)]);
}

std::string Block::describe_current() const {
  return describe(current_);
}

void Block::report_deadlock() const {
  int waiting = -1;
  int count = 0;
  for (int thread = 0; thread < size_; ++thread) {
    if (threads_[static_cast<std::size_t>(thread)].waits_in == nullptr) continue;
    if (waiting < 0) waiting = thread;
    ++count;
  }
  const Thread& first = threads_[static_cast<std::size_t>(waiting)];
  report_bug("a deadlock in " + describe(waiting) + ": it waits in " + first.waits_in + " at " +
             written(first.place) + "; " + std::to_string(count) + " threads of the block wait, " +
             std::to_string(done_) +
             " have left the kernel, so the others of its barrier or mask never come");
}

void meet_block(std::source_location place) {
  Block::running()->meet_block(place);
}
void meet_warp(unsigned mask, const char* what, void* lane, Finish finish, std::source_location place) {
  Block::running()->meet_warp(mask, what, lane, finish, place);
}
int lane_index() {
  return Block::running()->lane();
}
unsigned live_lanes() {
  const Warp& warp = Block::running()->warp();
  return warp.exists & ~warp.done;
}
std::uint32_t random_number() {
  return draw();
}
void* dynamic_shared_memory() {
  return Block::running()->shared_memory();
}
void copy_async(void* shared, const void* global, std::size_t bytes, std::size_t source_bytes,
                std::source_location place) {
  Block::running()->copies().add(shared, global, bytes, source_bytes, place);
}
void copy_async_commit() {
  Block::running()->copies().commit();
}
void copy_async_wait(int groups_in_flight) {
  Block::running()->copies().wait(groups_in_flight);
}

}  // namespace tpscale::virtual_gpu
