#pragma once
#include "parallel/placement/placement.h"
#include "parallel/world.h"

namespace tpscale {

/// A launch of one process.
class SingleWorld final : public World {
 public:
  SingleWorld();
  int rank() const noexcept override { return 0; }
  int size() const noexcept override { return 1; }
  const std::vector<RankPlace>& places() const noexcept override { return placement_.places(); }
  bool oversubscribed() const noexcept override { return placement_.oversubscribed(1); }
  bool oversubscribed(int) const noexcept override { return placement_.oversubscribed(1); }
  std::vector<std::pair<std::string, std::string>> libraries() const override { return {}; }
  int place(int threads, bool pin) override;
  void place_group(int degree) override;
  std::unique_ptr<Communicator> make_group(int degree, Backend& backend,
                                           const ParallelOptions& options) override;
  void announce(std::span<std::byte>) override {}
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override;
  void barrier() override {}
  [[noreturn]] void abort(int code) noexcept override;

 private:
  Placement placement_;
};

}  // namespace tpscale
