#include "bench/micro/collective_benchmark.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bench/micro/collective.h"
#include "bench/micro/wrong_communicator.h"
#include "bench/print/message.h"
#include "bench/trial/agreement.h"
#include "bench/trial/device_setup.h"
#include "core/error.h"
#include "parallel/registry.h"

namespace tpscale {
namespace {

std::string joined(const std::set<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

/// What rank 0 tells the others to do next.
struct CollectiveBenchmarks::Job {
  bool end = false;
  Collective kind{};
  std::size_t arm = 0;
  int degree = 0;
  Dtype dtype{};
  std::size_t bytes = 0;
  std::int64_t samples = 1;
  std::int64_t batch = 1;
};

/// This rank's device and the groups it has been in.
class CollectiveBenchmarks::Ranks {
 public:
  Ranks(World& world_, const MicroOptions& options) : world(world_), options_(options) {
    BackendOptions device;
    device.threads = 1;  // sums are made by one
    device.instruction_set = options.instruction_set;
    setup_ = set_up_devices(world, options.backend, device, {});
    arms = options.communicator;
    if (arms.empty())
      arms =
          setup_.backend == "cpu" ? std::vector<std::string>{"shm", "mpi"} : std::vector<std::string>{"auto"};
    together(world, [&] {
      for (const std::string& arm : arms) {
        if (!is_native(arm) && arm != "auto") communicator_registry().find(arm);
      }
      backend = make_backend(world, setup_, world.size());
    });
  }

  /// Rows of seconds an operation, a column a rank of the group; no rows where the result was wrong. On rank
  /// 0; the ranks beyond the group sleep. All ranks throw the OutOfMemoryError of one.
  std::vector<std::vector<double>> run(const Job& job) {
    world.place_group(job.degree);
    Communicator* group = group_of(job);
    std::vector<std::vector<double>> rows;
    while_others_sleep(world, job.degree, [&] {
      std::optional<CollectiveMessage> message;
      together(*group, [&] { message.emplace(*backend, *group, job.kind, job.dtype, job.bytes); });
      together(*group, [&] { message->clear(); });
      in_concert(world, [&] { rows = measure(*message, *group, job); });
    });
    return rows;
  }

  World& world;
  std::unique_ptr<Backend> backend;
  std::vector<std::string> arms;

 private:
  /// The world's own communicator, with the one or the other all-reduce.
  static bool is_native(const std::string& arm) { return arm == "shm" || arm == "mpi"; }

  /// Made when it is first wanted; nullptr on a rank outside.
  Communicator* group_of(const Job& job) {
    const auto key = std::pair(job.degree, job.arm);
    if (const auto it = groups_.find(key); it != groups_.end()) return it->second.get();
    const std::string& arm = arms[job.arm];
    ParallelOptions options;
    if (is_native(arm)) options.all_reduce = arm;
    options.communicator = is_native(arm) ? "mpi" : arm;
    auto group = world.make_group(job.degree, *backend, options);
    if (group && options_.inject_bug == "sum") group = std::make_unique<WrongCommunicator>(std::move(group));
    return (groups_[key] = std::move(group)).get();
  }

  std::vector<std::vector<double>> measure(CollectiveMessage& message, Communicator& group, const Job& job) {
    const std::vector<double> mine = time(message, group, job);
    const double right = message.is_right() ? 1.0 : 0.0;
    bool all_right = true;
    for (const auto& rank : gather(group, std::span(&right, 1))) all_right = all_right && rank[0] > 0.0;
    const auto all = gather(group, mine);
    std::vector<std::vector<double>> rows;
    for (std::size_t i = 0; all_right && i < mine.size(); ++i) {
      auto& row = rows.emplace_back();
      for (const auto& rank : all) row.push_back(rank[i]);
    }
    return rows;
  }

  std::vector<double> time(CollectiveMessage& message, Communicator& group, const Job& job) {
    using Clock = std::chrono::steady_clock;
    message.enqueue();
    std::vector<double> seconds;
    for (std::int64_t sample = 0; sample < job.samples; ++sample) {
      backend->stream().synchronize();
      group.barrier();
      const auto start = Clock::now();
      for (std::int64_t i = 0; i < job.batch; ++i) message.enqueue();
      backend->stream().synchronize();
      const double batch = std::chrono::duration<double>(Clock::now() - start).count();
      seconds.push_back(batch / static_cast<double>(job.batch));
    }
    return seconds;
  }

  MicroOptions options_;
  DeviceSetup setup_;
  std::map<std::pair<int, std::size_t>, std::unique_ptr<Communicator>> groups_;
};

CollectiveBenchmarks::CollectiveBenchmarks(World& world, const MicroOptions& options)
    : ranks_(std::make_unique<Ranks>(world, options)), options_(options) {}

CollectiveBenchmarks::~CollectiveBenchmarks() = default;

Backend& CollectiveBenchmarks::backend() {
  return *ranks_->backend;
}

void CollectiveBenchmarks::serve() {
  for (Job job;;) {
    ranks_->world.announce(std::as_writable_bytes(std::span(&job, 1)));
    if (job.end) return;
    try {
      ranks_->run(job);
    } catch (const OutOfMemoryError&) {
      // rank 0 has it too: the benchmark is skipped and says so
    }
  }
}

void CollectiveBenchmarks::end() {
  Job job{.end = true};
  ranks_->world.announce(std::as_writable_bytes(std::span(&job, 1)));
}

Timed CollectiveBenchmarks::measure(Job job) {
  constexpr double kBatchSeconds = 1e-3;
  const auto run = [&] {
    ranks_->world.announce(std::as_writable_bytes(std::span(&job, 1)));
    return ranks_->run(job);
  };
  const std::string wrong = std::string(name_of(job.kind)) + " gave a wrong result on some rank";
  job.samples = 1;
  job.batch = 3;
  const auto first = run();
  if (first.empty()) return {{}, {}, wrong};
  job.samples = options_.samples;
  job.batch = static_cast<std::int64_t>(std::clamp(kBatchSeconds / std::ranges::max(first[0]), 1.0, 2000.0));
  Timed timed{run(), {}, ""};
  if (timed.rows.empty()) return {{}, {}, wrong};
  const auto bytes = static_cast<double>(job.bytes);
  Rate bus = rate("busbw", "B", bytes * bus_factor(job.kind, job.degree));
  timed.work = {rate("algbw", "B", bytes), std::move(bus)};
  return timed;
}

void CollectiveBenchmarks::add_to(Suite& suite) {
  std::set<std::string> names, rounded, too_small;
  for (const Collective kind : kCollectives) {
    for (const int degree : group_sizes(ranks_->world.size())) {
      for (const std::string& dtype : options_.dtype) {
        for (const std::int64_t size : options_.bytes) {
          for (std::size_t arm = 0; arm < ranks_->arms.size(); ++arm) {
            Job job{false, kind, arm, degree, parse_dtype(dtype), 0};
            const std::size_t unit = static_cast<std::size_t>(degree) * size_of(job.dtype);
            job.bytes = static_cast<std::size_t>(size) / unit * unit;
            const std::string what =
                std::to_string(size) + " B of " + dtype + " at " + std::to_string(degree) + " ranks";
            if (job.bytes == 0) {
              too_small.insert(what);
              continue;
            }
            if (job.bytes != static_cast<std::size_t>(size)) rounded.insert(what);
            CaseName name(name_of(kind), ranks_->arms[arm]);
            name.word("dtype", dtype).number("ranks", degree);
            name.number("bytes", static_cast<std::int64_t>(job.bytes));
            if (!names.insert(name.text()).second) continue;  // rounded to one that is there
            suite.add_timed(name, options_.samples, [this, job] { return measure(job); });
          }
        }
      }
    }
  }
  if (!rounded.empty()) {
    say("messages are whole elements of every rank: rounded down to the bytes in their names are " +
        joined(rounded));
  }
  if (!too_small.empty()) say("left out, as they are less than an element a rank: " + joined(too_small));
}

}  // namespace tpscale
