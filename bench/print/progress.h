#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace tpscale {

/// One line on standard error that is written over: what is being measured, how far, how long it may still
/// take. Silent where standard error is no terminal or where it is switched off.
class Progress {
 public:
  explicit Progress(bool wanted);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// The launch has so many parts behind it, of about the same length each.
  void part(std::int64_t behind, std::int64_t parts) noexcept;
  void start(std::int64_t units) noexcept;  ///< what lies ahead in this part, in units of one repetition
  void show(const std::string& what);       ///< names what is under way
  void done(std::int64_t units = 1);        ///< so many more are behind us
  void clear();                             ///< before anything else is printed

 private:
  void draw();

  bool on_;
  bool drawn_ = false;
  std::int64_t parts_behind_ = 0, parts_ = 1;
  std::int64_t units_ = 0, done_ = 0;
  std::string what_;
  std::chrono::steady_clock::time_point start_, last_draw_;
};

}  // namespace tpscale
