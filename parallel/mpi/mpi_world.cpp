#include "parallel/mpi/mpi_world.h"

#include <algorithm>
#include <new>
#include <sstream>

#include "comm/single_rank.h"
#include "core/check.h"
#include "parallel/exchange/exchange_communicator.h"
#include "parallel/mpi/call.h"
#include "parallel/mpi/shared_region.h"
#include "parallel/registry.h"
#include "parallel/world/degree.h"
#include "parallel/world/device_sharing.h"
#include "parallel/world/gather_text.h"

namespace tpscale::mpi {
namespace {

constexpr double kDefaultWatchdogSeconds = 60;

std::string to_text(const AvailableCores& available) {
  std::ostringstream text;
  text << available.host << ' ' << available.quota;
  for (std::size_t i = 0; i < available.cores.size(); ++i)
    text << ' ' << available.cores[i] << ' ' << available.physical.at(i);
  return text.str();
}

AvailableCores from_text(const std::string& from) {
  std::istringstream text(from);
  AvailableCores available;
  text >> available.host >> available.quota;
  for (int core = 0, physical = 0; text >> core >> physical;) {
    available.cores.push_back(core);
    available.physical.push_back(physical);
  }
  return available;
}

}  // namespace

MpiWorld::MpiWorld()
    : announcements_(Comm::copy_of(MPI_COMM_WORLD)), host_(Comm::on_this_host(MPI_COMM_WORLD)) {
  Comm all = Comm::copy_of(MPI_COMM_WORLD);
  share_progress();
  const OperationLog log(*own_progress_, group_id(0, all.size()));
  all_.emplace("mpi", std::move(all), log);
  watchdog_.emplace(std::span(static_cast<Progress*>(board_.get()), host_ranks_.size()), host_ranks_,
                    static_cast<std::size_t>(own_progress_ - static_cast<const Progress*>(board_.get())),
                    kDefaultWatchdogSeconds);
  placement_.emplace(gather_cores());
}

MpiWorld::~MpiWorld() {
  if (session_.unwinding()) Session::abort(static_cast<int>(ExitCode::kFailure));  // the others are elsewhere
  // MPI_Finalize waits for every rank: the last thing the watchdog watches over.
  const OperationScope scope(*own_progress_, group_id(0, size()), UINT64_MAX, Operation::kFinalize, 0);
  MPI_Barrier(MPI_COMM_WORLD);
}

void MpiWorld::share_progress() {
  host_ranks_.resize(static_cast<std::size_t>(host_.size()));
  int rank = 0;
  require(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  require(MPI_Allgather(&rank, 1, MPI_INT, host_ranks_.data(), 1, MPI_INT, host_.get()), "MPI_Allgather");
  auto own = static_cast<std::size_t>(host_.rank());
  board_ = make_shared_region(host_, host_ranks_.size() * sizeof(Progress));
  if (board_ == nullptr) {  // then the watchdog can speak of this rank only
    host_ranks_ = {rank};
    own = 0;
    board_ = std::make_shared<Progress>();
  }
  own_progress_ = new (static_cast<Progress*>(board_.get()) + own) Progress;
  require(MPI_Barrier(host_.get()), "MPI_Barrier");
}

std::vector<AvailableCores> MpiWorld::gather_cores() {
  std::vector<AvailableCores> by_rank;
  for (const std::string& text : gather_text(*this, to_text(available_cores())))
    by_rank.push_back(from_text(text));
  return by_rank;
}

std::vector<std::pair<std::string, std::string>> MpiWorld::libraries() const {
  return {{"MPI", Session::library()}};
}

int MpiWorld::place(int threads, bool pin) {
  const int chosen = placement_->choose(threads, pin);
  place_group(size());
  return chosen;
}

void MpiWorld::place_group(int degree) {
  require_degree(degree, size());
  placement_->apply(degree);
  move_process_to(places()[static_cast<std::size_t>(rank())].cores);
}

std::unique_ptr<Communicator> MpiWorld::make_group(int degree, Backend& backend,
                                                   const ParallelOptions& options) {
  place_group(degree);
  if (options.all_reduce != "shm" && options.all_reduce != "mpi") {
    throw UsageError("--all-reduce is shm or mpi, not '" + options.all_reduce + "'");
  }
  std::string name = resolve_communicator(options.communicator, backend.name(), "mpi");
  watchdog_->set_limit(options.watchdog_seconds);
  const int number = ++groups_;
  if (rank() >= degree) return nullptr;
  if (degree == 1) return std::make_unique<SingleRank>();
  auto host = make_host_communicator(degree, options, group_id(2 * number, degree));
  const bool choose = options.communicator == "auto" && name != "mpi";
  if (choose && device_sharing(*host, backend).ranks_per_device > 1) name = "mpi";  // GPUs that are shared
  const OperationLog log(*own_progress_, group_id(2 * number + 1, degree));
  return communicator_registry().find(name).factory({std::move(host), backend, options, log});
}

std::unique_ptr<Communicator> MpiWorld::make_host_communicator(int degree, const ParallelOptions& options,
                                                               std::uint32_t group) {
  OperationLog log(*own_progress_, group);
  const auto scope = log.wait(Operation::kConnect);
  Comm comm = Comm::of_first(all_->comm(), degree);
  if (options.all_reduce == "shm" && Comm::on_this_host(comm.get()).size() == degree) {
    const std::size_t bytes = Exchange::bytes_needed(degree, ExchangeCommunicator::kAreaBytes);
    if (std::shared_ptr<void> memory = make_shared_region(comm, bytes)) {
      const WaitPolicy policy = oversubscribed(degree) ? WaitPolicy{.spins = 0, .yields = 50} : WaitPolicy{};
      const Exchange exchange(memory.get(), rank(), degree, ExchangeCommunicator::kAreaBytes, policy);
      return std::make_unique<ExchangeCommunicator>("mpi-shm", exchange, log, std::move(memory));
    }
  }
  return std::make_unique<MpiCommunicator>("mpi", std::move(comm), log);
}

void MpiWorld::announce(std::span<std::byte> bytes) {
  constexpr int kTag = 1;
  const int count = count_of(bytes.size());
  std::vector<MPI_Request> requests;
  if (rank() == 0) {
    requests.resize(static_cast<std::size_t>(size() - 1));
    for (int to = 1; to < size(); ++to) {
      require(MPI_Isend(bytes.data(), count, MPI_BYTE, to, kTag, announcements_.get(),
                        &requests[static_cast<std::size_t>(to - 1)]),
              "MPI_Isend");
    }
  } else {
    requests.resize(1);
    require(MPI_Irecv(bytes.data(), count, MPI_BYTE, 0, kTag, announcements_.get(), requests.data()),
            "MPI_Irecv");
  }
  for (MPI_Request& request : requests) wait_asleep(request);
}

void MpiWorld::all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) {
  all_->all_gather_host(out, in);
}
void MpiWorld::barrier() {
  all_->barrier();
}
void MpiWorld::abort(int code) noexcept {
  Session::abort(code);
}

}  // namespace tpscale::mpi
