#include "bench/trial/slo.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "bench/print/number.h"
#include "bench/trial/request_times.h"
#include "core/error.h"

namespace tpscale {
namespace {

[[noreturn]] void refuse(std::string_view part) {
  throw UsageError("--slo takes limits such as ttft=200ms,tpot=30ms,e2e=2s, each once and above 0, not '" +
                   std::string(part) + "'");
}

double seconds_of(std::string_view part, std::string_view text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double scale = unit == "s" ? 1.0 : unit == "ms" ? 1e-3 : unit == "us" ? 1e-6 : 0.0;
  const double seconds = number * scale;
  if (error != std::errc() || !std::isfinite(seconds) || seconds <= 0.0) refuse(part);
  return seconds;
}

std::string limit_text(const char* name, const std::optional<double>& limit) {
  return limit ? std::string(name) + " <= " + short_number(*limit) + " s" : "";
}

}  // namespace

bool Slo::met_by(const RequestResult& request) const {
  const RequestTimes times = request_times(request);
  return (!ttft_s || times.ttft_s <= *ttft_s) && (!tpot_s || !times.tpot_s || *times.tpot_s <= *tpot_s) &&
         (!e2e_s || times.e2e_s <= *e2e_s);
}

std::string Slo::text() const {
  std::string text;
  for (const std::string& one :
       {limit_text("ttft", ttft_s), limit_text("tpot", tpot_s), limit_text("e2e", e2e_s)}) {
    if (!one.empty()) text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

Slo parse_slo(const std::string& text) {
  Slo slo;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || comma + 1 == rest.size()) refuse(rest);
    const std::string_view name = part.substr(0, equals);
    std::optional<double>* limit = name == "ttft"   ? &slo.ttft_s
                                   : name == "tpot" ? &slo.tpot_s
                                   : name == "e2e"  ? &slo.e2e_s
                                                    : nullptr;
    if (limit == nullptr || limit->has_value()) refuse(part);
    *limit = seconds_of(part, part.substr(equals + 1));
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
  }
  return slo;
}

}  // namespace tpscale
