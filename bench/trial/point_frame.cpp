#include "bench/trial/point_frame.h"

#include <chrono>

#include "bench/provenance/provenance.h"
#include "bench/trial/agreement.h"
#include "bench/trial/virtual_device.h"
#include "core/error.h"

namespace tpscale {
namespace {

using Kind = StageClock::Kind;

Point begin_point(const Launch& launch, const PointPlan& plan) {
  Point point;
  point.test_name = plan.experiment;
  point.test_date = utc_timestamp();
  point.method = plan.method;
  point.parameters = plan.parameters;
  point.hardware = launch.hardware;
  point.provenance = launch.provenance;
  point.conditions.emplace_back("seed", launch.options.workload.seed);
  point.conditions.emplace_back("workload_hash", plan.workload->hash);
  point.conditions.emplace_back("cache_state", std::string("prefix cache emptied before each repetition"));
  point.conditions.emplace_back("world_size", static_cast<std::int64_t>(launch.world.size()));
  point.conditions.emplace_back("model_notes", [&] {
    std::string notes;
    for (const std::string& note : launch.source.notes()) notes += (notes.empty() ? "" : "; ") + note;
    return notes;
  }());
  return point;
}

/// The device and the collectives that a point was measured with.
void describe_group(Point& point, const RankGroup& group) {
  point.conditions.emplace_back("oversubscribed", group.oversubscribed());
  if (group.oversubscribed()) point.marks.emplace_back("oversubscribed");
  if (is_virtual(group.backend())) mark_virtual(point);
  point.hardware.emplace_back("device_name", group.backend().device_name());
  for (const auto& [name, fact] : group.backend().facts())
    point.hardware.emplace_back("device_" + name, fact);
  for (const auto& [name, fact] : group.comm().facts())
    point.provenance.emplace_back("communicator_" + name, fact);
}

}  // namespace

void throw_interrupted() {
  throw InterruptedError(
      "interrupted; the finished points are kept, run it again with --resume to measure the rest");
}

std::unique_ptr<ModelSession> open_session(Launch& launch, RankGroup& group, const EngineOptions& engine,
                                           std::span<const Request> requests, Point& point) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_ptr<ModelSession> session;
  try {
    launch.stages.time("load", Kind::kMeasuring, [&] {
      session = std::make_unique<ModelSession>(launch.world, group, launch.source, engine, requests, true);
    });
  } catch (const OutOfMemoryError& error) {
    point.status = "out_of_memory";
    point.status_reason = error.what();
    point.conditions.emplace_back("requested_bytes", static_cast<std::int64_t>(error.requested_bytes()));
    point.conditions.emplace_back("available_bytes", static_cast<std::int64_t>(error.available_bytes()));
    return nullptr;
  }
  point.conditions.emplace_back(
      "load_seconds", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  launch.stages.time("tune", Kind::kMeasuring,
                     [&] { together(group.comm(), [&] { session->engine().tune(); }); });
  return session;
}

std::optional<Point> publish_point(Launch& launch, const PointPlan& plan, std::int64_t units,
                                   const std::function<void(RankGroup&, Point&)>& measure,
                                   const std::function<void(const Point&)>& read_back) {
  enum Answer : std::int64_t { kMeasure, kReadBack, kStop };
  std::int64_t answer = kMeasure;
  on_rank_zero(launch.world, [&] {
    if (launch.options.run.resume && launch.store->has(plan.parameters)) answer = kReadBack;
    if (launch.interrupt.requested()) answer = kStop;
  });
  answer = tell_all(launch.world, answer);
  if (answer == kStop) throw_interrupted();
  std::optional<Point> point;
  if (answer == kReadBack) {
    on_rank_zero(launch.world, [&] {
      point = launch.store->read(plan.parameters);
      if (point && read_back) read_back(*point);
    });
    launch.progress.done(units);
    return point;
  }
  if (launch.root()) {
    point = begin_point(launch, plan);
    launch.progress.show(plan.experiment + " tp " + std::to_string(plan.degree));
  }
  RankGroup group(launch.world, launch.setup, plan.degree, plan.shard_of);
  while_others_sleep(launch.world, plan.degree, [&] {
    Point scratch;
    unless_failed_alone(launch.world, [&] { measure(group, point ? *point : scratch); });
    if (launch.root()) {
      describe_group(*point, group);
      launch.stages.time("store", Kind::kOverhead, [&] { launch.store->publish(*point); });
    }
  });
  return point;
}

}  // namespace tpscale
