#pragma once
#include <optional>
#include <string>

#include "engine/engine.h"

namespace tpscale {

/// The limits a request must meet to count as served well. What is not stated is met by all.
struct Slo {
  std::optional<double> ttft_s, tpot_s, e2e_s;  ///< at most so many seconds

  bool stated() const noexcept { return ttft_s || tpot_s || e2e_s; }
  /// A request of one token has no TPOT and meets any limit of it.
  bool met_by(const RequestResult& request) const;
  std::string text() const;  ///< "ttft <= 0.2 s, tpot <= 0.03 s"; empty where nothing is stated
};

/// "ttft=200ms,tpot=30ms": names ttft, tpot and e2e (arrival to last token), each at most once; numbers above
/// 0 with the unit s, ms or us. Empty text states nothing. Throws UsageError.
Slo parse_slo(const std::string& text);

}  // namespace tpscale
