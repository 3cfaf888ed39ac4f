#include "bench/commands/run_report.h"

#include <nlohmann/json.hpp>

#include "bench/print/number.h"

namespace tpscale {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Values& values) {
  Json object = Json::object();
  for (const auto& [name, value] : values) {
    std::visit([&, key = name](const auto& held) { object[key] = held; }, value);
  }
  return object;
}

Json json_of(const Point& point) {
  Json object;
  object["id"] = point_id(point);
  object["status"] = point.status;
  if (!point.status_reason.empty()) object["status_reason"] = point.status_reason;
  object["marks"] = point.marks;
  object["parameters"] = json_of(point.parameters);
  object["results"] = Json::object();
  for (const Metric& metric : point.results) {
    object["results"][metric.name] = {
        {"value", metric.value},     {"low", metric.low},       {"high", metric.high},  {"unit", metric.unit},
        {"samples", metric.samples}, {"spread", metric.spread}, {"marks", metric.marks}};
  }
  object["absent"] = Json::object();
  for (const Absent& absent : point.absent) object["absent"][absent.name] = absent.reason;
  object["verdicts"] = Json::array();
  for (const Verdict& verdict : point.verdicts) {
    object["verdicts"].push_back({{"name", verdict.name},
                                  {"passed", verdict.passed},
                                  {"level", verdict.level},
                                  {"sentence", verdict.sentence}});
  }
  return object;
}

}  // namespace

std::string run_report_text(const Launch& launch, const std::string& results_file) {
  std::string text = "time: " + seconds_text(launch.stages.total_seconds());
  for (const auto& [stage, seconds] : launch.stages.stages())
    text += ", " + stage + " " + seconds_text(seconds);
  if (launch.stages.measuring_seconds() > 0.0) {
    text += "; the suite's own share, outside what it measures: " + percent(launch.stages.overhead_share());
  }
  text += "\n";
  text += "points:  " + launch.store->folder() + "/points\n";
  if (!results_file.empty()) text += "results: " + results_file + "\n";
  return text;
}

std::string run_report_json(const Launch& launch, const std::string& results_file, bool passed) {
  Json object;
  object["folder"] = launch.store->folder();
  object["results_file"] = results_file;
  object["verdicts_passed"] = passed;
  object["seconds"] = launch.stages.total_seconds();
  object["overhead_share"] = launch.stages.overhead_share();
  object["stages"] = Json::object();
  for (const auto& [stage, seconds] : launch.stages.stages()) object["stages"][stage] = seconds;
  object["notes"] = launch.notes;
  object["experiments"] = Json::array();
  for (const ExperimentReport& report : launch.reports) {
    Json points = Json::array();
    for (const Point& point : report.points) points.push_back(json_of(point));
    object["experiments"].push_back({{"name", report.name}, {"points", std::move(points)}});
  }
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tpscale
