#pragma once
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tpscale {

/// Where a launch's own time goes, by stage, on this rank: measuring is what it is for, the rest is the
/// suite's overhead.
class StageClock {
 public:
  enum class Kind { kMeasuring, kOverhead };

  /// Runs `function` as a stage. Stages do not nest.
  template <class Function>
  decltype(auto) time(const std::string& stage, Kind kind, Function&& function) {
    const Running running(*this, stage, kind);
    return function();
  }
  double total_seconds() const;               ///< since the clock was made
  double measuring_seconds() const noexcept;  ///< in stages that measure
  double overhead_share() const;              ///< 1 - measuring / total
  std::vector<std::pair<std::string, double>> stages() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Stage {
    std::string name;
    Kind kind;
    double seconds;
  };
  class Running {
   public:
    Running(StageClock& clock, std::string name, Kind kind)
        : clock_(clock), name_(std::move(name)), kind_(kind), start_(Clock::now()) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { clock_.add(name_, kind_, std::chrono::duration<double>(Clock::now() - start_).count()); }

   private:
    StageClock& clock_;
    std::string name_;
    Kind kind_;
    Clock::time_point start_;
  };
  void add(const std::string& name, Kind kind, double seconds) noexcept;

  Clock::time_point start_ = Clock::now();
  std::vector<Stage> stages_;
};

}  // namespace tpscale
