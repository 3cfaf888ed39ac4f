#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "temporary_folder.h"
#include "writer_process.h"

namespace tpscale {

/// A launch folder with old points, a writer that comes to add more, and what must hold after any end of it.
class Scene {
 public:
  static constexpr int kOld = 2;  ///< points that are there before

  /// `old` holds the old points in its folder "launch" (make_old_points); `points`: how many there are in
  /// all.
  Scene(const TemporaryFolder& old, int points);

  std::string folder() const { return base_ / "launch"; }
  /// Lets system call number `call` of a resumed writer go wrong, as FAULT_MODE and FAULT_SIDE of
  /// tests/support/fault_shim.c say. False where there are not so many calls, or it did not happen.
  bool fault(const std::string& mode, int call, const std::string& side = "write",
             const Environment& more = {});
  /// Runs a resumed writer, killed then if it still runs.
  void kill_after(std::chrono::microseconds moment);
  /// Every file is whole, every point that must be there reads right.
  void expect_nothing_lost() const;
  /// The tools of others open every point, and results.h5 where it is there.
  void expect_h5dump_opens_all() const;
  /// A resumed writer completes the points, and measures none again that was there.
  void expect_resume_completes();

  WriterEnd end;

 private:
  std::map<std::string, std::filesystem::file_time_type> published() const;

  TemporaryFolder base_;
  int points_;
};

/// Publishes the first Scene::kOld example points.
void make_old_points(const TemporaryFolder& old);

}  // namespace tpscale
