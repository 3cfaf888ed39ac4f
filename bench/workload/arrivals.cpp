#include "bench/workload/arrivals.h"

#include <cmath>

#include "bench/workload/elementary.h"
#include "core/counter_rng.h"

namespace tpscale {
namespace {

constexpr std::uint64_t kArrivals = 0x6172726976616c73;  // keeps them apart from the tokens of the same seed

/// Uniforms in (0, 1) of one draw, as many as it takes.
class Uniforms {
 public:
  Uniforms(std::uint64_t seed, std::uint64_t index) : stream_(counter_bits(seed, index)) {}
  double next() noexcept { return (static_cast<double>(counter_bits(stream_, at_++) >> 12) + 0.5) * 0x1p-52; }

 private:
  std::uint64_t stream_;
  std::uint64_t at_ = 0;
};

double normal(Uniforms& uniforms) {
  for (;;) {
    const double x = 2.0 * uniforms.next() - 1.0;
    const double y = 2.0 * uniforms.next() - 1.0;
    const double square = x * x + y * y;
    if (square > 0.0 && square < 1.0) return x * std::sqrt(-2.0 * portable_log(square) / square);
  }
}

double gamma_of_shape_at_least_1(double shape, Uniforms& uniforms) {
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal(uniforms);
    const double root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    if (portable_log(uniforms.next()) < 0.5 * x * x + d - d * v + d * portable_log(v)) return d * v;
  }
}

}  // namespace

double gamma_draw(double shape, std::uint64_t seed, std::uint64_t index) {
  Uniforms uniforms(seed, index);
  if (shape == 1.0) return -portable_log(uniforms.next());
  if (shape > 1.0) return gamma_of_shape_at_least_1(shape, uniforms);
  // Their note for small shapes: a draw of shape + 1, times U^(1/shape).
  const double draw = gamma_of_shape_at_least_1(shape + 1.0, uniforms);
  const double exponent = portable_log(uniforms.next()) / shape;
  return exponent < -700.0 ? 0.0 : draw * portable_exp(exponent);
}

void set_arrivals(std::span<Request> requests, double rate, double burstiness, std::int64_t seed) {
  const std::uint64_t stream = counter_bits(static_cast<std::uint64_t>(seed), kArrivals);
  double nanoseconds = 0.0;  // whole: sums of them are exact for months
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (i > 0) nanoseconds += std::round(gamma_draw(burstiness, stream, i) / (burstiness * rate) * 1e9);
    requests[i].arrival_s = nanoseconds / 1e9;
  }
}

}  // namespace tpscale
