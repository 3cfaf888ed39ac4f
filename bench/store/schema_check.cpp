#include "bench/store/schema_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>
#include <string_view>

#include "core/check.h"

namespace tpscale {
namespace {

constexpr std::array<std::string_view, 7> kProvenance = {"commit", "dirty",    "build_type", "command_line",
                                                         "hosts",  "versions", "binary_hash"};
constexpr std::array<std::string_view, 3> kConditions = {"seed", "workload_hash", "cache_state"};
constexpr std::array<std::string_view, 6> kPhases = {"timed",  "instrumented", "isolated",
                                                     "memory", "quality",      "monitor"};
constexpr std::array<std::string_view, 3> kClocks = {"steady_clock", "device_event", "none"};

class SchemaCheck {
 public:
  explicit SchemaCheck(const Point& point) : point_(point) {}

  void run() {
    texts();
    values("parameters", point_.parameters, {});
    values("conditions", point_.conditions, kConditions);
    values("hardware", point_.hardware, {});
    values("provenance", point_.provenance, kProvenance);
    require(!point_.parameters.empty(), "parameters are missing");
    for (const std::string& mark : point_.marks) string("marks", mark);
    samples();
    metrics();
    absences();
    verdicts();
    arrays();
    require(point_.status != "measured" || !point_.samples.empty() || !point_.arrays.empty(),
            "a measured point has no samples");
  }

 private:
  void require(bool holds, const std::string& what) const {
    if (!holds) throw InternalError("point of '" + point_.test_name + "' is refused by the store: " + what);
  }
  void string(const std::string& where, const std::string& text) const {
    require(text.find('\0') == std::string::npos, where + " holds a zero byte");
    require(text.size() <= kLongestString,
            where + " is longer than " + std::to_string(kLongestString) + " bytes");
  }
  void filled(const std::string& where, const std::string& text) const {
    require(!text.empty(), where + " is missing");
    string(where, text);
  }
  /// A link or attribute name that HDF5 and a file path could both hold.
  void name(const std::string& where, const std::string& text, std::set<std::string>& seen) const {
    require(!text.empty(), "a name of " + where + " is empty");
    require(text != "." && text.size() < 1000 &&
                text.find_first_of(std::string_view("/\0", 2)) == std::string::npos,
            "the name '" + text + "' of " + where + " is not allowed");
    require(seen.insert(text).second, "'" + text + "' of " + where + " is there twice");
  }
  void texts() const {
    filled("test_name", point_.test_name);
    filled("test_date", point_.test_date);
    filled("method", point_.method);
    string("status_reason", point_.status_reason);
    const bool measured = point_.status == "measured";
    require(measured || point_.status == "out_of_memory" || point_.status == "not_available",
            "the status '" + point_.status + "' is unknown");
    require(measured || !point_.status_reason.empty(), "status_reason is missing");
  }
  void values(const std::string& block, const Values& list, std::span<const std::string_view> needed) const {
    std::set<std::string> seen;
    for (const auto& [key, value] : list) {
      name(block, key, seen);
      std::string where = block;
      where.append("/").append(key);
      if (const auto* text = std::get_if<std::string>(&value)) string(where, *text);
      if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
        require(integers->size() <= kLongestIntegers, where + " is too long a list: store it as an array");
      }
    }
    for (const std::string_view key : needed) {
      require(seen.count(std::string(key)) != 0, block + "/" + std::string(key) + " is missing");
    }
  }
  void samples() const {
    std::set<std::string> seen;
    for (const Samples& s : point_.samples) {
      const std::string where = "samples '" + s.name + "': ";
      require(s.name.find('/') == std::string::npos, where + "a name must not hold '/'");
      require(std::find(kPhases.begin(), kPhases.end(), s.phase) != kPhases.end(),
              where + "phase '" + s.phase + "' is missing or unknown");
      name("samples", s.phase + ' ' + s.name, seen);
      filled(where + "name", s.name);
      filled(where + "unit", s.unit);
      require(std::find(kClocks.begin(), kClocks.end(), s.clock) != kClocks.end(),
              where + "clock '" + s.clock + "' is missing or unknown");
      require(!s.rows.empty() && !s.columns.empty(), where + "there are no rows or no columns");
      require(s.warm_ups >= 0 && s.warm_ups < static_cast<std::int64_t>(s.rows.size()),
              where + "warm_ups leave no repetition");
      require(s.marks.empty() || s.marks.size() == s.rows.size(), where + "marks are not one a row");
      for (const std::string& text : s.columns) filled(where + "columns", text);
      for (const std::string& text : s.marks) string(where + "marks", text);
      for (const std::vector<double>& row : s.rows) {
        require(row.size() == s.columns.size(), where + "a row is not as wide as its columns");
        for (const double value : row) require(std::isfinite(value), where + "a value is not finite");
      }
    }
  }
  void metrics() const {
    std::set<std::string> seen;
    for (const Metric& m : point_.results) {
      const std::string where = "result '" + m.name + "': ";
      name("results", m.name, seen);
      filled(where + "unit", m.unit);
      filled(where + "method", m.method);
      filled(where + "how_obtained", m.how_obtained);
      require(m.samples >= 1, where + "samples are missing");
      require(
          std::isfinite(m.low) && std::isfinite(m.value) && std::isfinite(m.high) && std::isfinite(m.spread),
          where + "a value is not finite");
      require(m.low <= m.value && m.value <= m.high, where + "the value is outside its interval");
      for (const std::string& mark : m.marks) string(where + "marks", mark);
    }
  }
  void absences() const {
    std::set<std::string> seen;
    for (const Metric& m : point_.results) seen.insert(m.name);
    for (const Absent& absent : point_.absent) {
      name("absent (or results)", absent.name, seen);
      filled("the reason why '" + absent.name + "' is absent", absent.reason);
    }
  }
  void verdicts() const {
    for (const Verdict& v : point_.verdicts) {
      filled("a verdict's name", v.name);
      filled("verdict '" + v.name + "': sentence", v.sentence);
      string("verdict '" + v.name + "': level", v.level);
    }
  }
  void arrays() const {
    std::set<std::string> seen;
    for (const IntegerArray& a : point_.arrays) {
      const std::string where = "array '" + a.name + "': ";
      name("arrays", a.name, seen);
      filled(where + "unit", a.unit);
      require(a.rows >= 1 && a.cols >= 1 && a.values.size() % static_cast<std::size_t>(a.cols) == 0 &&
                  a.values.size() / static_cast<std::size_t>(a.cols) == static_cast<std::size_t>(a.rows),
              where + "values are not rows x cols");
    }
  }

  const Point& point_;
};

}  // namespace

void check_schema(const Point& point) {
  SchemaCheck(point).run();
}

}  // namespace tpscale
