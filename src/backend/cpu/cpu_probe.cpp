#include "backend/cpu/cpu_probe.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/onednn/onednn_linear.h"
#include "core/counter_rng.h"
#include "core/error.h"

namespace tpscale::cpu {
namespace {

constexpr std::int64_t kLine = 64;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The best rate (work per second) of `pass` repeated for about `seconds`, and three times at least: what the
/// device can do, which a pass that others on the machine disturbed does not tell.
template <class Pass>
double best_rate(double work, double seconds, Pass&& pass) {
  pass();
  double best = 0.0;
  const double end = now() + seconds;
  for (int passes = 0; passes < 3 || now() < end; ++passes) {
    const double start = now();
    pass();
    best = std::max(best, work / (now() - start));
  }
  return best;
}

/// Random words, first touched by the thread that will read them.
void fill(ThreadTeam& team, const Buffer& buffer) {
  auto* words = buffer.as<std::uint64_t>();
  team.divide(static_cast<std::int64_t>(buffer.bytes()) / kLine, 1,
              [&](std::int64_t begin, std::int64_t end, int) {
                for (std::int64_t i = begin * kLine / 8; i < end * kLine / 8; ++i) {
                  words[i] = counter_bits(1, static_cast<std::uint64_t>(i));
                }
              });
}

}  // namespace

double CpuProbe::read_bandwidth(std::size_t working_set_bytes, double seconds) {
  const auto lines =
      std::max<std::int64_t>(static_cast<std::int64_t>(working_set_bytes) / kLine, 4 * team_.size());
  const Buffer buffer = memory_.allocate(static_cast<std::size_t>(lines * kLine), MemoryKind::kOther);
  fill(team_, buffer);
  const Kernels& table = kernels(isa_, Dtype::kF32);
  return best_rate(static_cast<double>(lines * kLine), seconds, [&] {
    team_.divide(lines, 1, [&](std::int64_t begin, std::int64_t end, int) {
      checksum_ += table.read_all(buffer.as<char>() + begin * kLine, (end - begin) * kLine);
    });
  });
}

double CpuProbe::copy_bandwidth(std::size_t working_set_bytes, double seconds) {
  const auto lines =
      std::max<std::int64_t>(static_cast<std::int64_t>(working_set_bytes) / 2 / kLine, team_.size());
  const auto bytes = static_cast<std::size_t>(lines * kLine);
  const Buffer from = memory_.allocate(bytes, MemoryKind::kOther);
  const Buffer to = memory_.allocate(bytes, MemoryKind::kOther);
  fill(team_, from);
  return best_rate(static_cast<double>(bytes) * 2, seconds, [&] {
    team_.divide(lines, 1, [&](std::int64_t begin, std::int64_t end, int) {
      char* target = to.as<char>() + begin * kLine;
      std::memcpy(target, from.as<char>() + begin * kLine, static_cast<std::size_t>((end - begin) * kLine));
      checksum_ += static_cast<unsigned char>(*target);
    });
  });
}

double CpuProbe::multiply_add_peak(Dtype dtype, double seconds) {
  constexpr std::int64_t kRounds = 20000;
  const Kernels& table = kernels(isa_, dtype);
  return best_rate(table.round_flops * kRounds * team_.size(), seconds, [&] {
    team_.run([&](int thread) {
      const float seed = 1.0F + static_cast<float>(thread);
      checksum_ += static_cast<std::uint64_t>(table.multiply_adds(kRounds, seed) > 0.0F);
    });
  });
}

double CpuProbe::gemm_rate_of(bool onednn, Dtype dtype, double seconds) {
  constexpr std::int64_t kOuts = 2048;
  constexpr std::int64_t kIns = 1024;
  const std::int64_t rows = kernels(isa_, dtype).rows_at_once;
  CpuOps ops(memory_, team_, isa_, onednn);
  const auto weights = ops.make_linear(kOuts, kIns, dtype, false);
  std::vector<float> values(static_cast<std::size_t>(kOuts * kIns));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = counter_normal(1, i);
  weights->write_rows(0, {values.data(), Dtype::kF32, kOuts, kIns});
  const Buffer x =
      memory_.allocate(static_cast<std::size_t>(rows * kIns) * size_of(dtype), MemoryKind::kOther);
  const Buffer out =
      memory_.allocate(static_cast<std::size_t>(rows * kOuts) * size_of(dtype), MemoryKind::kOther);
  dispatch_dtype(dtype, [&](auto type) {
    using Element = decltype(type);
    for (std::int64_t i = 0; i < rows * kIns; ++i)
      x.as<Element>()[i] = Element(values[static_cast<std::size_t>(i)]);
  });
  const double rate = best_rate(2.0 * static_cast<double>(rows * kOuts * kIns), seconds, [&] {
    ops.linear({out.data(), dtype, rows, kOuts}, ConstTensorView(x.data(), dtype, rows, kIns), *weights,
               nullptr);
  });
  checksum_ += *out.as<const unsigned char>();
  return rate;
}

double CpuProbe::gemm_rate(Dtype dtype, double seconds) {
  if (onednn_version().empty() || dtype == Dtype::kF16) return gemm_rate_of(false, dtype, seconds);
  const double own = gemm_rate_of(false, dtype, seconds / 2);
  try {
    return std::max(own, gemm_rate_of(true, dtype, seconds / 2));
  } catch (const NotAvailableError&) {
    return own;
  }
}

}  // namespace tpscale::cpu
