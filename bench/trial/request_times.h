#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/store/point.h"
#include "engine/engine.h"

namespace tpscale {

/// What one request waited for, on its rank's clock.
struct RequestTimes {
  double ttft_s = 0.0;           ///< arrival to first token = queue_s + prefill_s
  double queue_s = 0.0;          ///< arrival to the begin of the first step that computed some of its prompt
  double prefill_s = 0.0;        ///< from there to the first token
  double e2e_s = 0.0;            ///< arrival to last token
  std::optional<double> tpot_s;  ///< (e2e - ttft) / (tokens - 1); none where it has one token
  std::vector<double> itl_s;     ///< gaps between tokens that follow one another
};
RequestTimes request_times(const RequestResult& request);
std::vector<RequestTimes> request_times(std::span<const RequestResult> requests);

/// The raw times of every run, so that each percentile can be worked out from the file: "ttft_ns",
/// "ttft_queue_ns", "ttft_prefill_ns" and "tpot_ns" have a row a run (the first the warm-up) and a column a
/// request; "itl_ns" a column a gap, request by request. Whole nanoseconds, -1 where a request has no such
/// time. Of more than kMostGaps gaps in all, those of the last run alone are kept. Names end in `arm`.
inline constexpr std::size_t kMostGaps = std::size_t{1} << 21;
std::vector<IntegerArray> raw_times(std::span<const std::vector<RequestTimes>> runs, const std::string& arm);

}  // namespace tpscale
