#pragma once
#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/stream.h"

namespace tpscale::testing {

using Work = std::function<void()>;

/// A device that works only while somebody waits for it. Work is kept in order and done then; while a step is
/// recorded it goes into the recording instead.
class WorkQueue {
 public:
  void push(Work work) { (recording_ != nullptr ? *recording_ : waiting_).push_back(std::move(work)); }
  /// Does all that is waiting.
  void drain() {
    drain_until([] { return false; });
  }
  template <class Done>
  void drain_until(Done&& done) {
    forbid_while_recording("waiting for the stream");
    while (!waiting_.empty() && !done()) {
      const Work work = std::move(waiting_.front());
      waiting_.pop_front();
      work();
    }
  }
  std::size_t waiting() const { return waiting_.size(); }

  std::deque<Work> record(const Work& step) {
    forbid_while_recording("recording");
    std::deque<Work> recorded;
    recording_ = &recorded;
    step();
    recording_ = nullptr;
    return recorded;
  }
  void forbid_while_recording(const char* what) const {
    if (recording_ != nullptr) throw std::logic_error(std::string(what) + " while a step is recorded");
  }

 private:
  std::deque<Work> waiting_;
  std::deque<Work>* recording_ = nullptr;
};

class DeferredStream final : public Stream {
 public:
  explicit DeferredStream(WorkQueue& queue) : queue_(queue) {}
  void synchronize() override {
    observed([this] {
      queue_.drain();
      return 0;
    });
  }
  void* native() const noexcept override { return &queue_; }

 private:
  WorkQueue& queue_;
};

}  // namespace tpscale::testing
