#include "bench/workload/elementary.h"

#include <cmath>

namespace tpscale {
namespace {

// ln 2 in two parts: the first has 21 zero bits at its end, so that its product with an exponent is exact.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;

}  // namespace

double portable_log(double x) noexcept {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // in [1/2, 1)
  if (mantissa < kSqrtHalf) {
    mantissa *= 2.0;
    --exponent;
  }
  // ln m = 2 atanh((m - 1) / (m + 1)), |argument| < 0.172: 11 terms.
  const double s = (mantissa - 1.0) / (mantissa + 1.0);
  const double square = s * s;
  double series = 0.0;
  for (int term = 21; term >= 3; term -= 2) series = (series + 1.0 / term) * square;
  const double log_mantissa = 2.0 * s + 2.0 * s * series;
  return exponent * kLn2High + (exponent * kLn2Low + log_mantissa);
}

double portable_exp(double x) noexcept {
  const double exponent = std::floor(x / (kLn2High + kLn2Low) + 0.5);
  const double rest = (x - exponent * kLn2High) - exponent * kLn2Low;  // |rest| < 0.35
  double series = 1.0;
  for (int term = 16; term >= 1; --term) series = 1.0 + series * rest / term;
  return std::ldexp(series, static_cast<int>(exponent));
}

}  // namespace tpscale
