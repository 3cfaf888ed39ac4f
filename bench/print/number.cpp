#include "bench/print/number.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace tpscale {

std::string fixed_number(double value, int decimals) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  return buffer.data();
}

std::string short_number(double value) {
  const double magnitude = std::abs(value);
  if (magnitude == 0.0 || !std::isfinite(value)) return fixed_number(value, 0);
  const int decimals = std::max(0, 2 - static_cast<int>(std::floor(std::log10(magnitude))));
  if (magnitude < 1000.0) return fixed_number(value, decimals);
  std::string text = fixed_number(value, 0);
  const std::ptrdiff_t first = value < 0 ? 1 : 0;
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > first; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string percent(double share) {
  return fixed_number(share * 100.0, 1) + " %";
}

std::string bytes_text(double bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (std::abs(bytes) >= 1024.0 && unit + 1 < kUnits.size()) {
    bytes /= 1024.0;
    ++unit;
  }
  return fixed_number(bytes, unit == 0 ? 0 : 1) + " " + kUnits[unit];
}

std::string seconds_text(double seconds) {
  if (seconds < 1e-3) return short_number(seconds * 1e6) + " us";
  if (seconds < 1.0) return short_number(seconds * 1e3) + " ms";
  if (seconds < 100.0) return fixed_number(seconds, 1) + " s";
  const auto whole = std::lround(seconds);
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

}  // namespace tpscale
