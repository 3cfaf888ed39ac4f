#include "bench/print/progress.h"

#include <unistd.h>

#include <cstdio>

#include "bench/print/number.h"

namespace tpscale {

using Clock = std::chrono::steady_clock;

Progress::Progress(bool wanted) : on_(wanted && isatty(STDERR_FILENO) != 0), start_(Clock::now()) {}

void Progress::part(std::int64_t behind, std::int64_t parts) noexcept {
  if (behind == 0) start_ = Clock::now();
  parts_behind_ = behind;
  parts_ = parts;
  units_ = done_ = 0;
}

void Progress::start(std::int64_t units) noexcept {
  units_ = units;
  done_ = 0;
}

void Progress::show(const std::string& what) {
  what_ = what;
  draw();
}

void Progress::done(std::int64_t units) {
  done_ += units;
  if (Clock::now() - last_draw_ > std::chrono::milliseconds(200)) draw();
}

void Progress::draw() {
  if (!on_) return;
  last_draw_ = Clock::now();
  std::string line = "\r\x1b[K";
  if (parts_ > 1) line += "[" + std::to_string(parts_behind_ + 1) + "/" + std::to_string(parts_) + "] ";
  line += what_;
  if (units_ > 0) line += "  " + std::to_string(done_ * 100 / units_) + " %";
  const double of_part = units_ > 0 ? static_cast<double>(done_) / static_cast<double>(units_) : 0.0;
  const double share = (static_cast<double>(parts_behind_) + of_part) / static_cast<double>(parts_);
  if (share > 0.0 && share < 1.0) {
    const double spent = std::chrono::duration<double>(last_draw_ - start_).count();
    line += ", about " + seconds_text(spent * (1.0 - share) / share) + " left";
  }
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace tpscale
