// Tasks of a job array at the same time: each with a folder of its own, as launch/slurm has it, and all in
// one folder, as somebody will have it.
#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <vector>

#include "bench/store/durable_file.h"
#include "scene.h"
#include "support/figures.h"

namespace tpscale {
namespace {

constexpr int kTasks = 16;
constexpr int kPoints = 8;

class Tasks : public testing::TestWithParam<const char*> {
 protected:
  Tasks() { make_old_points(old_); }

  /// `folder_of` a task -> how it ended. The tasks are started before one is waited for.
  template <class FolderOf>
  std::vector<WriterEnd> run(FolderOf&& folder_of) const {
    const Environment locking = {{"HDF5_USE_FILE_LOCKING", GetParam()}};
    std::vector<std::future<WriterEnd>> running;
    for (int task = 0; task < kTasks; ++task) {
      running.push_back(std::async(std::launch::async, [folder = folder_of(task), locking] {
        return run_writer(folder, kPoints, true, locking);
      }));
    }
    std::vector<WriterEnd> ends;
    for (auto& one : running) ends.push_back(one.get());
    return ends;
  }
  std::string part() const {
    return std::string(GetParam()) == "TRUE" ? "16 tasks, locking on" : "16 tasks, locking off";
  }

  const TemporaryFolder old_;
};

TEST_P(Tasks, InFoldersOfTheirOwnLoseNothing) {
  const test::Figure figure("concurrency", part());
  std::deque<Scene> scenes;
  for (int task = 0; task < kTasks; ++task) scenes.emplace_back(old_, kPoints);
  const auto ends = run([&](int task) { return scenes[static_cast<std::size_t>(task)].folder(); });
  for (std::size_t task = 0; task < scenes.size(); ++task) {
    EXPECT_EQ(ends[task].exit_code, 0) << ends[task].errors;
    scenes[task].end = ends[task];
    scenes[task].expect_nothing_lost();
    scenes[task].expect_resume_completes();
  }
  figure.reached(std::to_string(kTasks * kPoints) + " points in 16 folders: 0 lost");
}

/// Two that measure the same point at once: whoever comes second finds it there, or refuses to change it.
TEST_P(Tasks, InOneFolderLoseNothing) {
  const test::Figure figure("concurrency", part() + ", one folder");
  Scene scene(old_, kPoints);
  for (const WriterEnd& end : run([&](int) { return scene.folder(); })) {
    EXPECT_TRUE(end.exit_code == 0 || end.exit_code == 2) << end.exit_code << end.signal << end.errors;
    scene.end.acknowledged.insert(scene.end.acknowledged.end(), end.acknowledged.begin(),
                                  end.acknowledged.end());
  }
  scene.expect_nothing_lost();
  const auto results = read_whole(scene.folder() + "/results.h5");
  scene.expect_resume_completes();
  EXPECT_EQ(read_whole(scene.folder() + "/results.h5"), results) << "a task left it without the last points";
  figure.reached(std::to_string(kPoints) + " points measured by all at once: 0 lost");
}

INSTANTIATE_TEST_SUITE_P(Locking, Tasks, testing::Values("TRUE", "FALSE"), [](const auto& tested) {
  return std::string(tested.param) == "TRUE" ? "on" : "off";
});

}  // namespace
}  // namespace tpscale
