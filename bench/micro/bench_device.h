#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "bench/micro/case_name.h"
#include "bench/micro/options.h"
#include "bench/micro/work.h"
#include "bench/trial/device_setup.h"

namespace tpscale {

/// A backend with what its probes reached: the denominators of every share. Probed when first asked for.
class BenchDevice {
 public:
  BenchDevice(std::unique_ptr<Backend> backend, double probe_seconds)
      : backend_(std::move(backend)), probe_seconds_(probe_seconds) {}

  Backend& backend() { return *backend_; }
  Ops& ops() { return backend_->ops(); }
  /// bytes/s and their share of what a read reaches over as large a working set ("of_read"). `bytes` are read
  /// and written in all; `working_set` is the memory they lie in, which decides what cache holds it. It is
  /// taken as 1 MiB to 512 MiB: beyond them nothing changes.
  Work bytes_moved(double bytes, double working_set);
  /// FLOP/s and their share of the multiply-add peak ("of_peak").
  Work computed(double flops, Dtype dtype);
  /// The same device set up again. What was probed stays. Nothing of the old one may be left.
  void renew(std::unique_ptr<Backend> backend) { backend_ = std::move(backend); }

 private:
  double read_bandwidth(double working_set);
  double multiply_add_peak(Dtype dtype);

  std::unique_ptr<Backend> backend_;
  double probe_seconds_;
  std::map<std::size_t, double> read_bandwidth_;  ///< by working set
  std::map<Dtype, double> peaks_;
};

/// How a benchmark's device is set up where several ways are compared in one run.
struct DeviceChoice {
  int threads = 1;
  std::string linear;
};

/// One device a setting, alive as long as the benchmarks.
class BenchDevices {
 public:
  BenchDevices(World& world, const MicroOptions& options);

  bool on_cpu() const { return setup_.backend == "cpu"; }
  const std::string& backend_name() const { return setup_.backend; }
  /// Places the process for the device's threads first. What was allocated on a device is gone before it is
  /// asked for again.
  BenchDevice& get(const DeviceChoice& choice);
  /// The one that was asked for last, or the first of choices(): what a point that is stored ran on.
  BenchDevice& current() { return current_ != nullptr ? *current_ : get(choices().front()); }
  /// What --threads and --linear ask for; one on a device that has neither.
  std::vector<DeviceChoice> choices() const;
  /// Those of them that differ for an op that is no linear layer.
  std::vector<DeviceChoice> thread_choices() const;
  /// The part of a name that says which device: "packed/threads:2", "cuda".
  void name(CaseName& name, const DeviceChoice& choice, bool linear) const;
  /// Those of --dtype that the device computes in.
  std::vector<Dtype> dtypes();

 private:
  struct Made {
    std::unique_ptr<BenchDevice> device;
    int placement = 0;  ///< the number of it; a later one has moved its threads away from their own cores
  };
  void place(int threads);

  World& world_;
  MicroOptions options_;
  DeviceSetup setup_;
  std::vector<int> threads_;
  std::map<std::pair<int, std::string>, Made> devices_;
  BenchDevice* current_ = nullptr;
  int placed_threads_ = 0;
  int placement_ = 0;
};

/// Device memory of `count` elements with random values.
Buffer random_tensor(Backend& backend, Dtype dtype, std::int64_t count, std::uint64_t seed);
/// Writes random bits, as a source of copies: memory that nobody wrote is read as one page of zeros.
void fill_random(Backend& backend, void* data, std::size_t bytes, std::uint64_t seed);
/// Device memory with these integers.
Buffer device_integers(Backend& backend, const std::vector<std::int32_t>& values);

}  // namespace tpscale
