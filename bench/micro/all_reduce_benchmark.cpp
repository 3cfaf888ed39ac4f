#include "bench/micro/all_reduce_benchmark.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace tpscale {
namespace {

enum class Kind : int { kAllReduce, kAllGather, kReduceScatter, kBroadcast };
constexpr std::array kKinds = {Kind::kAllReduce, Kind::kAllGather, Kind::kReduceScatter, Kind::kBroadcast};
constexpr std::array kKindNames = {"all_reduce", "all_gather", "reduce_scatter", "broadcast"};
constexpr std::array kArms = {"shm", "mpi"};
constexpr int kSamples = 25;

/// What rank 0 tells the others to do next.
struct Job {
  bool end = false;
  Kind kind{};
  int arm = 0;
  int degree = 0;
  Dtype dtype{};
  std::size_t bytes = 0;  ///< of all_reduce and broadcast each rank's, of the others all ranks' together
  int batch = 1;
};

double bus_factor(Kind kind, int ranks) {
  const double n = ranks;
  if (kind == Kind::kAllReduce) return 2 * (n - 1) / n;
  return kind == Kind::kBroadcast ? 1 : (n - 1) / n;
}

class Measurement {
 public:
  explicit Measurement(World& world) : world_(world) {
    BackendOptions device;
    device.threads = world.place(1, true);
    backend_ = backend_registry().find("cpu").factory(device, {});
    for (int degree = 2; degree <= world.size(); degree *= 2) {
      for (std::size_t arm = 0; arm < kArms.size(); ++arm) {
        ParallelOptions options;
        options.all_reduce = kArms[arm];
        groups_[{degree, arm}] = world.make_group(degree, *backend_, options);
      }
    }
  }

  /// Seconds of one operation: the slowest rank's batch / batch. Called by all ranks; a wrong result throws
  /// on all.
  double run(const Job& job) {
    world_.place_group(job.degree);
    double seconds = 0;
    bool right = true;
    if (Communicator* group = groups_.at({job.degree, static_cast<std::size_t>(job.arm)}).get();
        group != nullptr) {
      seconds = time_batch(*group, job);
      right = is_right(*group, job);
    }
    std::vector<double> all(static_cast<std::size_t>(world_.size()));
    if (!right) seconds = std::nan("");
    world_.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&seconds, 1)));
    for (const double rank_seconds : all) {
      if (std::isnan(rank_seconds)) throw Error(ExitCode::kVerdictFailed, "a collective gave a wrong result");
    }
    return std::ranges::max(all) / job.batch;
  }

  double measure(Job job) {
    world_.announce(std::as_writable_bytes(std::span(&job, 1)));
    return run(job);
  }
  void serve() {
    for (Job job;;) {
      world_.announce(std::as_writable_bytes(std::span(&job, 1)));
      if (job.end) return;
      run(job);
    }
  }
  void end() {
    Job job{.end = true};
    world_.announce(std::as_writable_bytes(std::span(&job, 1)));
  }

 private:
  void enqueue(Communicator& group, const Job& job) {
    const auto count = static_cast<std::int64_t>(job.bytes / size_of(job.dtype));
    const TensorView whole(data_.data(), job.dtype, group.size(), count / group.size());
    const TensorView flat(data_.data(), job.dtype, 1, count);
    switch (job.kind) {
      case Kind::kAllReduce:
        return group.all_reduce_sum(flat);
      case Kind::kAllGather:
        return group.all_gather(whole, whole.rows_at(group.rank(), 1));
      case Kind::kReduceScatter:
        return group.reduce_scatter_sum(whole.rows_at(group.rank(), 1), whole);
      case Kind::kBroadcast:
        return group.broadcast(flat, 0);
    }
  }

  void fill(const Job& job, float value) {
    data_.resize((job.bytes + sizeof(float) - 1) / sizeof(float));
    dispatch_dtype(job.dtype, [&](auto element) {
      using Element = decltype(element);
      std::fill_n(reinterpret_cast<Element*>(data_.data()), job.bytes / sizeof(Element), Element(value));
    });
  }

  double time_batch(Communicator& group, const Job& job) {
    fill(job, 0);  // stays 0 however often it is summed
    enqueue(group, job);
    group.barrier();
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < job.batch; ++i) enqueue(group, job);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  /// Once more, with numbers: rank r has r + 1 everywhere.
  bool is_right(Communicator& group, const Job& job) {
    const int n = group.size();
    const auto count = job.bytes / size_of(job.dtype);
    const auto share = count / static_cast<std::size_t>(n);
    fill(job, static_cast<float>(group.rank() + 1));
    enqueue(group, job);
    const auto ranks_sum = n * (n + 1) / 2;
    const auto sum = static_cast<float>(ranks_sum);
    const auto expected = [&](std::size_t i) {
      const auto owner = share == 0 ? 0 : i / share;
      switch (job.kind) {
        case Kind::kAllReduce:
          return sum;
        case Kind::kAllGather:
          return static_cast<float>(owner + 1);
        case Kind::kReduceScatter:
          return owner == static_cast<std::size_t>(group.rank()) ? sum : static_cast<float>(group.rank() + 1);
        case Kind::kBroadcast:
          break;
      }
      return 1.0F;
    };
    return dispatch_dtype(job.dtype, [&](auto element) {
      const auto* values = reinterpret_cast<const decltype(element)*>(data_.data());
      for (std::size_t i = 0; i < count; ++i) {
        if (static_cast<float>(values[i]) != expected(i)) return false;
      }
      return true;
    });
  }

  World& world_;
  std::unique_ptr<Backend> backend_;
  std::map<std::pair<int, std::size_t>, std::unique_ptr<Communicator>> groups_;
  std::vector<float> data_;
};

void run_benchmark(benchmark::State& state, Measurement& measurement, Job job) {
  constexpr double kBatchSeconds = 1e-3;
  job.batch = 3;
  const double first = measurement.measure(job);
  job.batch = static_cast<int>(std::clamp(kBatchSeconds / first, 1.0, 2000.0));
  std::vector<double> samples;
  for (auto _ : state) {
    samples.push_back(measurement.measure(job));
    state.SetIterationTime(samples.back());
  }
  std::ranges::sort(samples);
  const double median = samples[samples.size() / 2];
  state.counters["median_s"] = median;
  state.counters["min_s"] = samples.front();  // what is left of it where others take the cores
  state.counters["algbw"] = static_cast<double>(job.bytes) / median;
  state.counters["busbw"] = static_cast<double>(job.bytes) / median * bus_factor(job.kind, job.degree);
}

void add(Measurement& measurement, const Job& job) {
  const std::string name = std::string(kKindNames[static_cast<std::size_t>(job.kind)]) + "/" +
                           kArms[static_cast<std::size_t>(job.arm)] + "/" +
                           std::string(to_string(job.dtype)) + "/ranks:" + std::to_string(job.degree) +
                           "/bytes:" + std::to_string(job.bytes);
  benchmark::RegisterBenchmark(
      name.c_str(), [&measurement, job](benchmark::State& state) { run_benchmark(state, measurement, job); })
      ->UseManualTime()
      ->Iterations(kSamples)
      ->Unit(benchmark::kMicrosecond);
}

void add_all(World& world, Measurement& measurement) {
  constexpr std::size_t kKiB = 1024;
  constexpr std::array<std::size_t, 13> kBytes = {
      8,         64,         512,        4 * kKiB,    8 * kKiB,    16 * kKiB,   32 * kKiB,
      64 * kKiB, 128 * kKiB, 512 * kKiB, 2048 * kKiB, 4096 * kKiB, 16384 * kKiB};
  for (const Kind kind : kKinds) {
    for (int degree = 2; degree <= world.size(); degree *= 2) {
      for (const Dtype dtype : {Dtype::kF32, Dtype::kBF16}) {
        for (const std::size_t bytes : kBytes) {
          if (bytes < static_cast<std::size_t>(degree) * size_of(dtype)) continue;
          for (std::size_t arm = 0; arm < kArms.size(); ++arm) {
            add(measurement, {.kind = kind,
                              .arm = static_cast<int>(arm),
                              .degree = degree,
                              .dtype = dtype,
                              .bytes = bytes});
          }
        }
      }
    }
  }
}

}  // namespace

std::shared_ptr<void> register_all_reduce_benchmarks(World& world) {
  if (world.size() < 2) return nullptr;
  auto measurement = std::make_unique<Measurement>(world);
  if (world.rank() != 0) {
    measurement->serve();
    return nullptr;
  }
  add_all(world, *measurement);
  return {measurement.release(), [](Measurement* owned) {
            owned->end();
            delete owned;
          }};
}

}  // namespace tpscale
