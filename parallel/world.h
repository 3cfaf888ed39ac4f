#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "comm/communicator.h"

namespace tpscale {

struct ParallelOptions {
  std::string communicator = "auto";  ///< auto: the fastest of this build for the backend
  std::string all_reduce =
      "shm";  ///< of the mpi communicator on one host: shm (one-shot) or mpi (the reference)
  double watchdog_seconds = 60.0;
  bool pin = true;  ///< pin ranks to their own cores where there are enough
  bool nccl_symmetric =
      false;                   ///< messages in NCCL's symmetric windows, where version and topology have them
  int nccl_ranks_per_gpu = 1;  ///< more than 1: functional tests with NCCL 2.30 or newer

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("communicator", self.communicator, "who carries the collectives (see tpscale list)");
    visit("all-reduce", self.all_reduce,
          "all-reduce of ranks on one host: shm (shared memory) or mpi (MPI_Allreduce)");
    visit("watchdog", self.watchdog_seconds,
          "seconds a rank waits in a collective before the run is ended with exit 124");
    visit("pin", self.pin, "pin each rank to its own cores where there are enough");
    visit("nccl-symmetric", self.nccl_symmetric,
          "messages of NCCL in symmetric windows, where its version and the GPUs allow it");
    visit("nccl-ranks-per-gpu", self.nccl_ranks_per_gpu,
          "most ranks on a GPU that NCCL accepts (above 1: for functional tests, NCCL 2.30 or newer)");
  }
};

/// Where one rank stands.
struct RankPlace {
  int rank = 0;
  int local_rank = 0;
  int local_size = 1;
  std::string host;
  std::vector<int> cores;  ///< cores its threads may run on, after placement
};

/// All ranks of the launch. One object a process, made first and destroyed last. Without MPI (or with one
/// process) it is a world of one.
class World {
 public:
  virtual ~World() = default;
  virtual int rank() const noexcept = 0;
  virtual int size() const noexcept = 0;
  virtual const std::vector<RankPlace>& places() const noexcept = 0;  ///< of every rank, by rank
  virtual bool oversubscribed() const noexcept = 0;  ///< on any host more ranks x threads than cores
  /// The same for the group of ranks 0 .. degree-1 alone: the others are parked and take no core.
  virtual bool oversubscribed(int degree) const noexcept = 0;
  virtual std::vector<std::pair<std::string, std::string>> libraries()
      const = 0;  ///< "MPI" -> "Open MPI 4.1.4"

  /// Gives every rank its cores: threads == 0 asks for cores of the node / ranks on it. Pins the calling
  /// thread (and so the threads it makes later) where there are enough cores and `pin` is set. Returns the
  /// threads of a rank, the same number on all. Collective over the world.
  virtual int place(int threads, bool pin) = 0;

  /// Places ranks 0 .. degree-1 as if they were the whole launch: their own cores where there are enough for
  /// them, else all cores of the host. The threads of a rank stay what place() said. Moves every thread this
  /// process has by now, so call it before a backend that pins its threads is made (make_group calls it too,
  /// which is early enough for those that do not).
  virtual void place_group(int degree) = 0;

  /// The group of ranks 0 .. degree-1. Collective over the WORLD: a rank outside the group gets nullptr.
  virtual std::unique_ptr<Communicator> make_group(int degree, Backend& backend,
                                                   const ParallelOptions& options) = 0;

  /// Rank 0 says `bytes` to all; the others wait for it ASLEEP (polling every few milliseconds), however long
  /// rank 0's work takes, without the watchdog. This is how ranks outside a group park.
  virtual void announce(std::span<std::byte> bytes) = 0;

  /// every rank's `in`, rank-major, into `out` on every rank.
  virtual void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) = 0;
  virtual void barrier() = 0;

  /// Ends every rank of the launch with `code`. Says nothing: the caller has.
  [[noreturn]] virtual void abort(int code) noexcept = 0;
};

/// MPI's world where the build has MPI and the process was started by mpirun, srun or alone; else a world of
/// one. Call once, at the start of main.
std::unique_ptr<World> make_world();

/// An error that every rank of the launch (or group) throws at the same place, so main() may let all of them
/// leave by themselves while rank 0 says the sentence. Any other exception may be one rank's own: it calls
/// World::abort.
class CollectiveError : public Error {
 public:
  using Error::Error;
};

/// Rank 0 runs `function`; all ranks leave together: where it threw, every rank throws a CollectiveError
/// with its code and message (an OutOfMemoryError stays one). The others wait asleep and without the
/// watchdog. How files are validated: one reads, all hear the verdict, nobody is left waiting in a
/// collective.
void on_rank_zero(World& world, const std::function<void()>& function);
/// The same with ranks 0 .. degree-1 at work. `function` throws only what all of them agree on.
void while_others_sleep(World& world, int degree, const std::function<void()>& function);
/// Every rank runs `function`, which holds no collectives; if any throws, all throw the same CollectiveError,
/// that of the lowest such rank, its message beginning "rank N: " where N > 0 (an OutOfMemoryError stays
/// one).
void together(World& world, const std::function<void()>& function);
void together(Communicator& group, const std::function<void()>& function);

}  // namespace tpscale
