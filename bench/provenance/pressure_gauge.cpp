#include "bench/provenance/pressure_gauge.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "bench/provenance/system_file.h"

namespace tpscale {

PressureGauge::PressureGauge(bool oversubscribed, std::string path)
    : path_(std::move(path)), begin_(Clock::now()) {
  if (oversubscribed)
    absent_reason_ = "oversubscribed: our own ranks wait for one another's cores";
  else if (!waited_seconds())
    absent_reason_ = path_ + " is not readable on this host";
}

std::optional<double> PressureGauge::waited_seconds() const {
  const std::optional<std::string> line = first_line(path_);
  constexpr std::string_view kTotal = " total=";
  const std::size_t at = line ? line->find(kTotal) : std::string::npos;
  if (at == std::string::npos || line->compare(0, 5, "some ") != 0) return std::nullopt;
  std::uint64_t microseconds = 0;
  const char* const end = line->data() + line->size();
  const auto [after, error] = std::from_chars(line->data() + at + kTotal.size(), end, microseconds);
  if (error != std::errc{} || after != end) return std::nullopt;
  return static_cast<double>(microseconds) * 1e-6;
}

void PressureGauge::start() {
  begin_ = Clock::now();
  waited_before_ = absent_reason_.empty() ? waited_seconds() : std::nullopt;
}

std::optional<double> PressureGauge::share() const {
  constexpr double kKernelPeriod = 2.0;
  const std::optional<double> waited = waited_before_ ? waited_seconds() : std::nullopt;
  if (!waited) return std::nullopt;
  const double window = std::chrono::duration<double>(Clock::now() - begin_).count();
  return (*waited - *waited_before_) / std::max(window, kKernelPeriod);
}

std::string PressureGauge::mark() const {
  const std::optional<double> pressed = share();
  if (!pressed || *pressed <= kTolerated) return "";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "tainted: %.1f %% CPU pressure", *pressed * 100.0);
  return text.data();
}

}  // namespace tpscale
