#include "bench/micro/bench_device.h"

#include <algorithm>
#include <vector>

#include "core/counter_rng.h"
#include "core/error.h"

namespace tpscale {
namespace {

DeviceSetup set_up(World& world, const MicroOptions& options) {
  BackendOptions backend;
  backend.threads = static_cast<int>(options.threads.front());
  backend.instruction_set = options.instruction_set;
  return set_up_devices(world, options.backend, backend, {});
}

}  // namespace

Work BenchDevice::bytes_moved(double bytes, double working_set) {
  Rate moved = rate("bytes", "B", bytes);
  moved.working_set = working_set;
  return {moved, share("of_read", "B", bytes, read_bandwidth(working_set))};
}

Work BenchDevice::computed(double flops, Dtype dtype) {
  return {rate("flops", "FLOP", flops), share("of_peak", "FLOP", flops, multiply_add_peak(dtype))};
}

double BenchDevice::read_bandwidth(double working_set) {
  constexpr std::size_t kLeast = std::size_t{1} << 20, kMost = std::size_t{512} << 20;
  const std::size_t set = std::clamp(static_cast<std::size_t>(working_set), kLeast, kMost);
  double& bandwidth = read_bandwidth_[set];
  if (bandwidth == 0.0) bandwidth = backend_->probe().read_bandwidth(set, probe_seconds_);
  return bandwidth;
}

double BenchDevice::multiply_add_peak(Dtype dtype) {
  double& peak = peaks_[dtype];
  if (peak == 0.0) peak = backend_->probe().multiply_add_peak(dtype, probe_seconds_);
  return peak;
}

BenchDevices::BenchDevices(World& world, const MicroOptions& options)
    : world_(world), options_(options), setup_(set_up(world, options)) {
  for (const std::int64_t count : options.threads) {
    threads_.push_back(count == 0 ? world.place(0, true) : static_cast<int>(count));
  }
}

void BenchDevices::place(int threads) {
  if (!on_cpu() || threads == placed_threads_) return;
  world_.place(threads, true);
  placed_threads_ = threads;
  ++placement_;
}

BenchDevice& BenchDevices::get(const DeviceChoice& choice) {
  place(choice.threads);
  Made& made = devices_[{choice.threads, choice.linear}];
  if (made.device != nullptr && made.placement == placement_) return *(current_ = made.device.get());
  DeviceSetup setup = setup_;
  setup.options.threads = choice.threads;
  setup.options.linear = choice.linear;
  auto backend = make_backend(world_, setup, 1);
  made.placement = placement_;
  if (made.device == nullptr) {
    made.device = std::make_unique<BenchDevice>(std::move(backend), options_.probe_seconds);
  } else {
    made.device->renew(std::move(backend));
  }
  return *(current_ = made.device.get());
}

std::vector<DeviceChoice> BenchDevices::choices() const {
  if (!on_cpu()) return {{1, "packed"}};
  std::vector<DeviceChoice> found;
  for (const int threads : threads_) {
    for (const std::string& linear : options_.linear) found.push_back({threads, linear});
  }
  return found;
}

std::vector<DeviceChoice> BenchDevices::thread_choices() const {
  if (!on_cpu()) return choices();
  std::vector<DeviceChoice> found;
  for (const int threads : threads_) found.push_back({threads, options_.linear.front()});
  return found;
}

void BenchDevices::name(CaseName& name, const DeviceChoice& choice, bool linear) const {
  if (!on_cpu()) {
    name.word("backend", setup_.backend);
    return;
  }
  if (linear) name.word("linear", choice.linear);
  name.number("threads", choice.threads);
}

std::vector<Dtype> BenchDevices::dtypes() {
  std::vector<Dtype> found;
  for (const std::string& text : options_.dtype) {
    const Dtype dtype = parse_dtype(text);
    if (!current().backend().supports(dtype)) {
      throw NotAvailableError("the backend '" + setup_.backend + "' does not compute in " + text);
    }
    found.push_back(dtype);
  }
  return found;
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

void fill_random(Backend& backend, void* data, std::size_t bytes, std::uint64_t seed) {
  constexpr std::size_t kWords = std::size_t{1} << 17;
  std::vector<std::uint64_t> words(std::min(kWords, bytes / sizeof(std::uint64_t) + 1));
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = counter_bits(seed, i);
  for (std::size_t at = 0; at < bytes; at += words.size() * sizeof(std::uint64_t)) {
    backend.upload(static_cast<std::byte*>(data) + at, words.data(),
                   std::min(bytes - at, words.size() * sizeof(std::uint64_t)));
  }
}

Buffer device_integers(Backend& backend, const std::vector<std::int32_t>& values) {
  Buffer buffer = backend.allocate(values.size() * sizeof(std::int32_t), MemoryKind::kOther);
  backend.upload(buffer.data(), values.data(), buffer.bytes());
  return buffer;
}

}  // namespace tpscale
