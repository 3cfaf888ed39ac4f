#pragma once
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "backend/backend.h"

namespace tpscale {

/// A CPU backend with what its probes reached: the denominators of every share. Probed when first asked for.
class BenchDevice {
 public:
  BenchDevice(int threads, const std::string& linear, const std::string& instruction_set);

  Backend& backend() { return *backend_; }
  Ops& ops() { return backend_->ops(); }
  double read_bandwidth();                ///< B/s over 512 MiB
  double multiply_add_peak(Dtype dtype);  ///< FLOP/s

 private:
  std::unique_ptr<Backend> backend_;
  double read_bandwidth_ = 0.0;
  std::map<Dtype, double> peaks_;
};

/// One device a setting, alive as long as the benchmarks.
class BenchDevices {
 public:
  explicit BenchDevices(std::string instruction_set) : instruction_set_(std::move(instruction_set)) {}
  BenchDevice& get(int threads, const std::string& linear);

 private:
  std::string instruction_set_;
  std::map<std::pair<int, std::string>, std::unique_ptr<BenchDevice>> devices_;
};

/// Device memory of `count` elements with random values.
Buffer random_tensor(Backend& backend, Dtype dtype, std::int64_t count, std::uint64_t seed);

}  // namespace tpscale
