#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/cli/compression_options.h"
#include "bench/cli/model_options.h"
#include "bench/cli/run_options.h"
#include "bench/print/progress.h"
#include "bench/store/point.h"
#include "bench/store/store.h"
#include "bench/trial/device_peaks.h"
#include "bench/trial/device_setup.h"
#include "bench/trial/interrupt.h"
#include "bench/trial/judged_text.h"
#include "bench/trial/stage_clock.h"
#include "bench/workload/options.h"
#include "engine/options.h"
#include "model/model_source.h"
#include "parallel/world.h"

namespace tpscale {

/// All options of a launch.
struct LaunchOptions {
  RunOptions run;
  ModelOptions model;
  WorkloadOptions workload;
  EngineOptions engine;
  BackendOptions backend;
  ParallelOptions parallel;
  CompressionOptions compression;
};

/// What an experiment ended with, for the end of the launch.
struct ExperimentReport {
  std::string name;
  std::string table;          ///< what the terminal shows
  std::vector<Point> points;  ///< rank 0 only
  bool verdicts_passed = true;
};

/// One `tpscale run`: what every experiment works with. One object a rank.
class Launch {
 public:
  Launch(World& world_, LaunchOptions options_, const ModelSource& source_, DeviceSetup setup_)
      : world(world_),
        options(std::move(options_)),
        source(source_),
        setup(std::move(setup_)),
        progress(world_.rank() == 0 && options.run.progress && !options.run.json) {}

  bool root() const noexcept { return world.rank() == 0; }

  World& world;
  LaunchOptions options;  ///< of the experiment that runs
  const ModelSource& source;
  const DeviceSetup setup;
  std::optional<JudgedText> text;  ///< the same on every rank
  std::unique_ptr<Store> store;    ///< rank 0 only
  Values provenance;               ///< rank 0 only
  Values hardware;                 ///< rank 0 only
  std::vector<std::string> notes;  ///< said as the experiments begin
  Progress progress;
  Interrupt interrupt;
  StageClock stages;
  PeakCache peaks;
  std::vector<ExperimentReport> reports;
};

}  // namespace tpscale
