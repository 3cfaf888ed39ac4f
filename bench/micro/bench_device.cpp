#include "bench/micro/bench_device.h"

#include <vector>

#include "core/counter_rng.h"

namespace tpscale {

BenchDevice::BenchDevice(int threads, const std::string& linear, const std::string& instruction_set) {
  BackendOptions options;
  options.threads = threads;
  options.linear = linear;
  options.instruction_set = instruction_set;
  backend_ = backend_registry().find("cpu").factory(options, DevicePlace{});
}

double BenchDevice::read_bandwidth() {
  constexpr std::size_t kWorkingSet = std::size_t{512} << 20;
  if (read_bandwidth_ == 0.0) read_bandwidth_ = backend_->probe().read_bandwidth(kWorkingSet, 1.0);
  return read_bandwidth_;
}

double BenchDevice::multiply_add_peak(Dtype dtype) {
  double& peak = peaks_[dtype];
  if (peak == 0.0) peak = backend_->probe().multiply_add_peak(dtype, 0.3);
  return peak;
}

BenchDevice& BenchDevices::get(int threads, const std::string& linear) {
  auto& device = devices_[{threads, linear}];
  if (device == nullptr) device = std::make_unique<BenchDevice>(threads, linear, instruction_set_);
  return *device;
}

Buffer random_tensor(Backend& backend, Dtype dtype, std::int64_t count, std::uint64_t seed) {
  Buffer buffer =
      backend.allocate(static_cast<std::size_t>(count) * size_of(dtype), MemoryKind::kActivations);
  dispatch_dtype(dtype, [&](auto type) {
    using Element = decltype(type);
    std::vector<Element> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = Element(counter_normal(seed, i));
    backend.upload(buffer.data(), values.data(), buffer.bytes());
  });
  return buffer;
}

}  // namespace tpscale
