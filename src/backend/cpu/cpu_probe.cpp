#include "backend/cpu/cpu_probe.h"

#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include "backend/cpu/cpu_ops.h"
#include "core/counter_rng.h"

namespace tpscale::cpu {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The best rate (work per second) of `pass` repeated for about `seconds`.
template <class Pass>
double best_rate(double work, double seconds, Pass&& pass) {
  const double end = now() + seconds;
  double best = 0.0;
  do {
    const double start = now();
    pass();
    best = std::max(best, work / (now() - start));
  } while (now() < end);
  return best;
}

}  // namespace

double CpuProbe::read_bandwidth(std::size_t working_set_bytes, double seconds) {
  const auto words = static_cast<std::int64_t>(working_set_bytes / 8);
  const Buffer buffer = memory_.allocate(working_set_bytes, MemoryKind::kOther);
  auto* data = buffer.as<std::uint64_t>();
  team_.divide(words, 512, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) data[i] = counter_bits(1, static_cast<std::uint64_t>(i));
  });
  std::atomic<std::uint64_t> sum{0};
  return best_rate(static_cast<double>(words) * 8, seconds, [&] {
    team_.divide(words, 512, [&](std::int64_t begin, std::int64_t end, int) {
      std::uint64_t part = 0;
      for (std::int64_t i = begin; i < end; ++i) part += data[i];
      sum.fetch_add(part);
    });
  });
}

double CpuProbe::copy_bandwidth(std::size_t working_set_bytes, double seconds) {
  const auto half = static_cast<std::int64_t>(working_set_bytes / 2);
  const Buffer from = memory_.allocate(static_cast<std::size_t>(half), MemoryKind::kOther);
  const Buffer to = memory_.allocate(static_cast<std::size_t>(half), MemoryKind::kOther);
  team_.divide(half, 4096, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) from.as<char>()[i] = static_cast<char>(i * 31);
  });
  return best_rate(static_cast<double>(half) * 2, seconds, [&] {
    team_.divide(half, 4096, [&](std::int64_t begin, std::int64_t end, int) {
      std::memcpy(to.as<char>() + begin, from.as<char>() + begin, static_cast<std::size_t>(end - begin));
    });
  });
}

double CpuProbe::multiply_add_peak(Dtype dtype, double seconds) {
  return gemm_rate(dtype, seconds);
}

double CpuProbe::gemm_rate(Dtype dtype, double seconds) {
  constexpr std::int64_t kSize = 512;
  CpuOps ops(memory_, team_, isa_);
  const auto weights = ops.make_linear(kSize, kSize, dtype, false);
  std::vector<float> values(kSize * kSize);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = counter_normal(1, i);
  weights->write_rows(0, {values.data(), Dtype::kF32, kSize, kSize});
  const Buffer x = memory_.allocate(kSize * kSize * size_of(dtype), MemoryKind::kOther);
  const Buffer out = memory_.allocate(kSize * kSize * size_of(dtype), MemoryKind::kOther);
  dispatch_dtype(dtype, [&](auto type) {
    for (std::size_t i = 0; i < values.size(); ++i) x.as<decltype(type)>()[i] = decltype(type)(values[i]);
  });
  return best_rate(2.0 * kSize * kSize * kSize, seconds, [&] {
    ops.linear({out.data(), dtype, kSize, kSize}, ConstTensorView(x.data(), dtype, kSize, kSize), *weights,
               nullptr);
  });
}

}  // namespace tpscale::cpu
