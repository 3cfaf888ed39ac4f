#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bench/experiment.h"
#include "bench/trial/launch.h"
#include "bench/trial/model_session.h"
#include "parallel/world/single_world.h"

namespace tpscale {

/// Experiments on the preset `tiny` in one process, with their points in memory.
class TinyLaunch : public testing::Test {
 protected:
  TinyLaunch() {
    options_.run.tp = {1};
    options_.run.repetitions = 2;
    options_.run.probe_seconds = 0.02;
    options_.run.progress = false;
    options_.model.model = "tiny";
    options_.workload.num_sequences = 2;
    options_.workload.input_tokens = 24;
    options_.workload.output_tokens = 6;
    options_.backend.threads = 1;
    options_.parallel.pin = false;
  }

  /// Its own sizes are not asked for. The points stay for the next one, which --resume would find.
  ExperimentReport run(const std::string& experiment) {
    if (!source_) source_ = open_model(world_, options_.model);
    DeviceSetup setup = set_up_devices(world_, "auto", options_.backend, options_.parallel);
    Launch launch(world_, options_, *source_, std::move(setup));
    launch.text = text_;
    launch.store = store_ ? std::move(store_) : make_memory_store();
    for (const char* name :
         {"commit", "dirty", "build_type", "command_line", "hosts", "versions", "binary_hash"}) {
      launch.provenance.emplace_back(name, std::string("of a test"));
    }
    experiment_registry().find(experiment).factory.run(launch);
    store_ = std::move(launch.store);
    return launch.reports.back();
  }

  static const Verdict& verdict(const Point& point, std::string_view name) {
    return named(point.verdicts, name);
  }
  static const Metric& metric(const Point& point, std::string_view name) {
    return named(point.results, name);
  }
  static const Samples& samples(const Point& point, std::string_view name) {
    return named(point.samples, name);
  }

 private:
  template <class Named>
  static const Named& named(const std::vector<Named>& all, std::string_view name) {
    const auto found = std::ranges::find(all, name, &Named::name);
    if (found == all.end()) throw std::out_of_range("the point has no " + std::string(name));
    return *found;
  }

 protected:
  SingleWorld world_;
  LaunchOptions options_;
  std::unique_ptr<ModelSource> source_;
  std::unique_ptr<Store> store_;
  std::optional<JudgedText> text_;
};

}  // namespace tpscale
