#include "parallel/exchange/exchange.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <ctime>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/error.h"
#include "parallel/exchange/tag.h"

namespace tpscale {
namespace {

void pause_core() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

std::uint32_t* futex_word(std::atomic<std::uint32_t>& word) noexcept {
  return reinterpret_cast<std::uint32_t*>(&word);
}

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
  const timespec limit{.tv_sec = 0, .tv_nsec = 10'000'000};  // poison is looked for this often
  syscall(SYS_futex, futex_word(word), FUTEX_WAIT, expected, &limit, nullptr, 0);
}

void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept {
  syscall(SYS_futex, futex_word(word), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

constexpr std::size_t round_up(std::size_t bytes) noexcept {
  return (bytes + 63) / 64 * 64;
}

}  // namespace

std::size_t Exchange::bytes_needed(int ranks, std::size_t area_bytes) noexcept {
  return sizeof(Header) + static_cast<std::size_t>(ranks) * (sizeof(Line) + 2 * round_up(area_bytes));
}

Exchange::Exchange(void* memory, int rank, int ranks, std::size_t area_bytes, WaitPolicy policy)
    : header_(static_cast<Header*>(memory)),
      lines_(reinterpret_cast<Line*>(static_cast<std::byte*>(memory) + sizeof(Header))),
      areas_(reinterpret_cast<std::byte*>(lines_ + ranks)),
      rank_(rank),
      ranks_(ranks),
      area_bytes_(round_up(area_bytes)),
      policy_(policy) {}

std::byte* Exchange::area(int rank) const noexcept {
  if (small_) return lines_[rank].small[step_ % 2];
  return areas_ + (static_cast<std::size_t>(rank) * 2 + step_ % 2) * area_bytes_;
}

std::byte* Exchange::begin(std::size_t bytes) {
  if (step_ > 0) wait_for_all();
  ++step_;
  small_ = bytes <= kSmallBytes;
  return area(rank_);
}

void Exchange::publish(std::uint64_t tag) {
  tag_ = tag;
  Line& own = lines_[rank_];
  own.tags[step_ % 2].store(tag, std::memory_order_relaxed);
  // Sequentially consistent with the sleeper's "I sleep, have you come?": one of the two sees the other.
  own.step.store(step_, std::memory_order_seq_cst);
  if (own.sleepers.load(std::memory_order_seq_cst) > 0) futex_wake_all(own.step);
}

const std::byte* Exchange::of(int other) {
  Line& line = lines_[other];
  wait_for(line);
  if (line.tags[step_ % 2].load(std::memory_order_relaxed) != tag_) {
    report_disagreement();
  }
  return area(other);
}

void Exchange::report_disagreement() {
  wait_for_all();  // who is the odd one shows when all are there
  std::vector<std::uint64_t> tags;
  tags.reserve(static_cast<std::size_t>(ranks_));
  for (int rank = 0; rank < ranks_; ++rank)
    tags.push_back(lines_[rank].tags[step_ % 2].load(std::memory_order_relaxed));
  const std::string sentence = disagreement(tags);
  if (header_->explained.exchange(1, std::memory_order_relaxed) == 0) {
    // All say it: the launch ends with the first that throws, which may be another.
    std::ranges::copy(sentence.substr(0, header_->why.size() - 1), header_->why.begin());
    poison();
  }
  throw InternalError(sentence);
}

void Exchange::wait_for_all() {
  for (int other = 0; other < ranks_; ++other) wait_for(lines_[other]);
}

bool Exchange::arrived(const Line& line, std::memory_order order) const noexcept {
  // Steps wrap around; ranks are never more than two apart.
  return static_cast<std::int32_t>(line.step.load(order) - step_) >= 0;
}

void Exchange::wait_for(Line& line) {
  for (int look = 0; look < policy_.spins; ++look) {
    if (arrived(line, std::memory_order_acquire)) return;
    pause_core();
  }
  for (int look = 0; look < policy_.yields; ++look) {
    if (arrived(line, std::memory_order_acquire)) return;
    throw_if_poisoned();
    sched_yield();
  }
  while (!arrived(line, std::memory_order_acquire)) {
    throw_if_poisoned();
    sleep_until_woken(line);
  }
}

void Exchange::sleep_until_woken(Line& line) {
  line.sleepers.fetch_add(1, std::memory_order_seq_cst);
  const std::uint32_t seen = line.step.load(std::memory_order_seq_cst);
  if (static_cast<std::int32_t>(seen - step_) < 0) futex_wait(line.step, seen);
  line.sleepers.fetch_sub(1, std::memory_order_seq_cst);
}

void Exchange::poison() noexcept {
  header_->poisoned.store(1, std::memory_order_release);
}

void Exchange::throw_if_poisoned() const {
  if (header_->poisoned.load(std::memory_order_acquire) == 0) return;
  const std::string why = header_->why.data();
  throw Error(ExitCode::kFailure,
              why.empty() ? "another rank of the group failed and left its collectives" : why);
}

}  // namespace tpscale
