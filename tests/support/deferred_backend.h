#pragma once
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "support/deferred_ops.h"

namespace tpscale::testing {

/// A backend that works behind the host's back and has graphs, over one that has neither: what is enqueued
/// lies in a queue until somebody waits. What reads a result too early, writes an input too early, or leaves
/// a per-step value to the arguments of a recorded step, shows in its tokens.
class DeferredBackend final : public Backend {
 public:
  explicit DeferredBackend(std::unique_ptr<Backend> inner)
      : inner_(std::move(inner)), ops_(inner_->ops(), queue_), stream_(queue_) {}

  std::string_view name() const noexcept override { return "deferred"; }
  std::string device_name() const override { return inner_->device_name(); }
  std::map<std::string, std::string> facts() const override { return inner_->facts(); }
  bool supports(Dtype dtype) const noexcept override { return inner_->supports(dtype); }
  bool has_graphs() const noexcept override { return true; }
  Ops& ops() noexcept override { return ops_; }
  Stream& stream() noexcept override { return stream_; }
  DeviceProbe& probe() noexcept override { return inner_->probe(); }
  MemoryTracker& memory() noexcept override { return inner_->memory(); }
  DeviceMemory device_memory() const override { return inner_->device_memory(); }

  Buffer allocate(std::size_t bytes, MemoryKind kind) override {
    queue_.forbid_while_recording("allocating");
    return inner_->allocate(bytes, kind);
  }
  void upload(void* device, const void* host, std::size_t bytes) override {
    queue_.forbid_while_recording("a copy from memory that the host writes again");
    const auto* from = static_cast<const std::byte*>(host);
    queue_.push([this, device, copy = std::vector<std::byte>(from, from + bytes)] {
      inner_->upload(device, copy.data(), copy.size());
    });
  }
  void download(void* host, const void* device, std::size_t bytes) override {
    queue_.drain();
    inner_->download(host, device, bytes);
  }
  std::unique_ptr<HostFetch> make_fetch(std::size_t capacity) override {
    return std::make_unique<Fetch>(*this, capacity);
  }
  void range_push(const char* name) noexcept override { ++ranges[name]; }

  std::unique_ptr<StepGraph> capture(std::function<void()> step) override {
    return std::make_unique<Graph>(queue_, queue_.record(step));
  }

  WorkQueue& queue() { return queue_; }
  std::map<std::string, int> ranges;  ///< how often each was entered
  std::size_t most_left = 0;          ///< work still to be done when a copy that was waited for was there

 private:
  class Graph final : public StepGraph {
   public:
    Graph(WorkQueue& queue, std::deque<Work> work) : queue_(queue), work_(std::move(work)) {}
    void launch() override {
      for (const Work& work : work_) queue_.push(work);
    }
    StepGraphFacts facts() const override {
      return {.nodes = static_cast<std::int64_t>(work_.size()), .device_bytes = 64 * work_.size()};
    }

   private:
    WorkQueue& queue_;
    std::deque<Work> work_;
  };

  class Fetch final : public HostFetch {
   public:
    Fetch(DeferredBackend& backend, std::size_t capacity) : backend_(backend), bytes_(capacity) {}
    void start(const void* device, std::size_t bytes) override {
      ready_ = false;
      ++started_;
      std::ranges::fill(bytes_, std::byte{0x7F});  // what is read before it is there is no token
      backend_.queue_.push([this, device, bytes, number = started_] {
        if (bytes > 0) std::memcpy(bytes_.data(), device, bytes);
        ready_ = number == started_;
      });
    }
    bool ready() override { return ready_; }
    /// Does what was enqueued up to the copy, and nothing of what came behind it.
    void wait() override {
      backend_.queue_.drain_until([this] { return ready_; });
      backend_.most_left = std::max(backend_.most_left, backend_.queue_.waiting());
    }
    const void* data() const noexcept override { return bytes_.data(); }

   private:
    DeferredBackend& backend_;
    std::vector<std::byte> bytes_;
    int started_ = 0;
    bool ready_ = false;
  };

  std::unique_ptr<Backend> inner_;
  WorkQueue queue_;
  DeferredOps ops_;
  DeferredStream stream_;
};

}  // namespace tpscale::testing
