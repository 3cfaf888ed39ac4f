#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "parallel/mpi/comm.h"
#include "parallel/mpi/mpi_communicator.h"
#include "parallel/mpi/session.h"
#include "parallel/placement/placement.h"
#include "parallel/watchdog/progress.h"
#include "parallel/watchdog/watchdog.h"
#include "parallel/world.h"

namespace tpscale::mpi {

/// The ranks of one mpirun or srun.
class MpiWorld final : public World {
 public:
  MpiWorld();
  ~MpiWorld() override;

  int rank() const noexcept override { return all_->rank(); }
  int size() const noexcept override { return all_->size(); }
  const std::vector<RankPlace>& places() const noexcept override { return placement_->places(); }
  bool oversubscribed() const noexcept override { return oversubscribed(size()); }
  bool oversubscribed(int degree) const noexcept override { return placement_->oversubscribed(degree); }
  std::vector<std::pair<std::string, std::string>> libraries() const override;
  int place(int threads, bool pin) override;
  void place_group(int degree) override;
  std::unique_ptr<Communicator> make_group(int degree, Backend& backend,
                                           const ParallelOptions& options) override;
  void announce(std::span<std::byte> bytes) override;
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override;
  void barrier() override;
  [[noreturn]] void abort(int code) noexcept override;

 private:
  void share_progress();
  std::vector<AvailableCores> gather_cores();
  std::unique_ptr<Communicator> make_host_communicator(int degree, const ParallelOptions& options,
                                                       std::uint32_t group);

  Session session_;
  Comm announcements_;           ///< apart from collectives: these are awaited asleep
  Comm host_;                    ///< the ranks of this host
  std::vector<int> host_ranks_;  ///< their ranks in the world
  std::shared_ptr<void> board_;  ///< a Progress for each of them
  Progress* own_progress_ = nullptr;
  std::optional<MpiCommunicator> all_;
  std::optional<Watchdog> watchdog_;
  std::optional<Placement> placement_;
  int groups_ = 0;  ///< made so far
};

}  // namespace tpscale::mpi
