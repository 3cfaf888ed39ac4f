#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tpscale {

using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>>;
/// Ordered name -> value; kept in the order of insertion for print, hashed in the order of names.
using Values = std::vector<std::pair<std::string, Value>>;

/// Raw samples of one quantity: one row a repetition, one column a rank of the group.
struct Samples {
  std::string name;           ///< "prefill_seconds"
  std::string unit;           ///< SI: "s", "B", "B/s", "token/s", "1"
  std::string clock;          ///< "steady_clock", "device_event", "none" for quantities that no clock gave
  std::string phase;          ///< "timed", "instrumented", "isolated", "memory"
  std::int64_t warm_ups = 0;  ///< the first rows that are warm-ups
  std::vector<std::string> columns;  ///< meaning of the columns, "rank 0", ...
  std::vector<std::vector<double>> rows;
  std::vector<std::string> marks;  ///< a mark a row ("" or "tainted: ..."), empty vector: none
};

/// One derived figure.
struct Metric {
  std::string name;
  std::string unit;
  double value = 0.0;
  double low = 0.0, high = 0.0;    ///< 95 % interval; equal to value where it has none
  std::int64_t samples = 0;        ///< repetitions behind it
  double spread = 0.0;             ///< (max - min) / median
  std::string method;              ///< how the interval was made, "bootstrap of the median, 10000 resamples"
  std::string how_obtained;        ///< the formula with the numbers put in, in words
  std::vector<std::string> marks;  ///< "unstable", "few repetitions", "oversubscribed", ...
};

/// A metric that could not be measured: absent with a reason, never 0.
struct Absent {
  std::string name;
  std::string reason;
};

struct Verdict {
  std::string name;  ///< "token equality with the base", "phases add up to the wall", "plausible"
  bool passed = false;
  std::string level;     ///< "L0", "L1", "L2" or ""
  std::string sentence;  ///< what was compared and found
};

/// A list of integers of any length, e.g. the tokens each sequence generated.
struct IntegerArray {
  std::string name;
  std::string unit;
  std::int64_t rows = 0, cols = 0;  ///< row-major; -1 pads rows that are shorter
  std::vector<std::int64_t> values;
};

/// Everything about one measured point: what it was, every raw sample, what was derived, and how to trust it.
struct Point {
  std::string test_name;            ///< experiment
  std::string test_date;            ///< ISO 8601, UTC
  std::string method;               ///< one paragraph: what was timed and how
  std::string status = "measured";  ///< measured | planned | out_of_memory | not_available
  std::string status_reason;
  Values parameters;  ///< identity: model, workload, degree, options, threads
  Values conditions;  ///< not identity: seed order, cache state, launch's rank count, repetition rule that
                      ///< ended it
  Values hardware;    ///< device name, cores, memory, measured peaks
  Values provenance;  ///< commit, dirty, build, command line, environment (allow-listed), hosts, versions,
                      ///< hashes
  std::vector<std::string> marks;
  std::vector<Samples> samples;
  std::vector<Metric> results;
  std::vector<Absent> absent;
  std::vector<Verdict> verdicts;
  std::vector<IntegerArray> arrays;
};

/// 16 hex digits: XXH64 of the canonical text of the parameters. The name of the point's file.
std::string point_id(const Point& point);
/// The canonical text itself: "name=value" lines in the order of names; doubles in their shortest exact form.
std::string canonical_text(const Values& values);

}  // namespace tpscale
