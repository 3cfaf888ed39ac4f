#include "bench/store/schema_check.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "core/check.h"
#include "example_point.h"

namespace tpscale {
namespace {

struct Lack {
  const char* named;  ///< what the error must name
  std::function<void(Point&)> make;
};

void drop(Values& values, const std::string& name) {
  std::erase_if(values, [&](const auto& entry) { return entry.first == name; });
}

class SchemaLack : public testing::TestWithParam<Lack> {};

TEST_P(SchemaLack, IsRefusedByNameAndByBothStores) {
  Point point = example_point(0);
  GetParam().make(point);
  try {
    check_schema(point);
    ADD_FAILURE() << "not refused";
  } catch (const InternalError& error) {
    EXPECT_NE(std::string(error.what()).find(GetParam().named), std::string::npos) << error.what();
  }
  EXPECT_THROW(make_memory_store()->publish(point), InternalError);
}

const Lack kLacks[] = {
    {"test_name", [](Point& p) { p.test_name.clear(); }},
    {"test_date", [](Point& p) { p.test_date.clear(); }},
    {"method", [](Point& p) { p.method.clear(); }},
    {"status", [](Point& p) { p.status = "fine"; }},
    {"status_reason", [](Point& p) { p.status = "out_of_memory"; }},
    {"parameters", [](Point& p) { p.parameters.clear(); }},
    {"seed", [](Point& p) { drop(p.conditions, "seed"); }},
    {"workload_hash", [](Point& p) { drop(p.conditions, "workload_hash"); }},
    {"cache_state", [](Point& p) { drop(p.conditions, "cache_state"); }},
    {"commit", [](Point& p) { drop(p.provenance, "commit"); }},
    {"dirty", [](Point& p) { drop(p.provenance, "dirty"); }},
    {"build_type", [](Point& p) { drop(p.provenance, "build_type"); }},
    {"command_line", [](Point& p) { drop(p.provenance, "command_line"); }},
    {"hosts", [](Point& p) { drop(p.provenance, "hosts"); }},
    {"versions", [](Point& p) { drop(p.provenance, "versions"); }},
    {"binary_hash", [](Point& p) { drop(p.provenance, "binary_hash"); }},
    {"unit", [](Point& p) { p.samples[0].unit.clear(); }},
    {"clock", [](Point& p) { p.samples[0].clock.clear(); }},
    {"phase", [](Point& p) { p.samples[0].phase = "later"; }},
    {"warm_ups", [](Point& p) { p.samples[0].warm_ups = 3; }},
    {"rows", [](Point& p) { p.samples[0].rows.clear(); }},
    {"columns", [](Point& p) { p.samples[0].rows[1].pop_back(); }},
    {"marks", [](Point& p) { p.samples[0].marks.pop_back(); }},
    {"finite", [](Point& p) { p.samples[0].rows[0][0] = std::numeric_limits<double>::quiet_NaN(); }},
    {"twice", [](Point& p) { p.samples.push_back(p.samples[0]); }},
    {"samples", [](Point& p) { p.samples.clear(), p.arrays.clear(); }},
    {"how_obtained", [](Point& p) { p.results[0].how_obtained.clear(); }},
    {"samples", [](Point& p) { p.results[0].samples = 0; }},
    {"unit", [](Point& p) { p.results[0].unit.clear(); }},
    {"interval", [](Point& p) { p.results[0].low = 1.8; }},
    {"speedup",
     [](Point& p) {
       p.absent.push_back({"speedup", "not measured"});
     }},
    {"mfu", [](Point& p) { p.absent[0].reason.clear(); }},
    {"sentence", [](Point& p) { p.verdicts[0].sentence.clear(); }},
    {"rows x cols", [](Point& p) { p.arrays[0].rows = 3; }},
    {"zero byte", [](Point& p) { p.provenance[0].second = std::string("a\0b", 3); }},
    {"longer", [](Point& p) { p.provenance[0].second = std::string(kLongestString + 1, 'x'); }},
    {"not allowed", [](Point& p) { p.parameters[0].first = "a/b"; }},
    {"twice", [](Point& p) { p.parameters.push_back(p.parameters[0]); }},
};

INSTANTIATE_TEST_SUITE_P(Each, SchemaLack, testing::ValuesIn(kLacks));

TEST(SchemaCheck, TakesAPointThatWasNotMeasured) {
  Point point = example_point(0);
  point.status = "out_of_memory";
  point.status_reason = "2 GiB asked for, 1 GiB free";
  point.samples.clear();
  point.results.clear();
  point.arrays.clear();
  EXPECT_NO_THROW(check_schema(point));
}

TEST(SchemaCheck, TakesTheLongestStrings) {
  Point point = example_point(0);
  point.provenance[0].second = std::string(kLongestString, 'x');
  point.provenance[1].second = std::vector<std::int64_t>(kLongestIntegers, 1);
  EXPECT_NO_THROW(check_schema(point));
}

}  // namespace
}  // namespace tpscale
