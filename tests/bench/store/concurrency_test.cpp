// Tasks of a job array at the same time: each with a folder of its own, as launch/slurm has it, and all in
// one folder, as somebody will have it.
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <future>
#include <vector>

#include "bench/store/durable_file.h"
#include "example_point.h"
#include "scene.h"
#include "support/figures.h"

namespace tpscale {
namespace {

constexpr int kTasks = 16;
constexpr int kPoints = 8;

class Tasks : public testing::TestWithParam<const char*> {
 protected:
  Tasks() { make_old_points(old_); }

  /// `folder_of` a task -> how it ended. The tasks are started before one is waited for. `divided`: each task
  /// has points of its own.
  template <class FolderOf>
  std::vector<WriterEnd> run(FolderOf&& folder_of, int points, bool divided = false) const {
    std::vector<std::future<WriterEnd>> running;
    for (int task = 0; task < kTasks; ++task) {
      Environment environment = {{"HDF5_USE_FILE_LOCKING", GetParam()}};
      if (divided) {
        environment.emplace_back("TPSCALE_TEST_TASK", std::to_string(task));
        environment.emplace_back("TPSCALE_TEST_TASKS", std::to_string(kTasks));
      }
      running.push_back(std::async(std::launch::async, [folder = folder_of(task), points, environment] {
        return run_writer(folder, points, true, environment);
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
  const auto ends = run([&](int task) { return scenes[static_cast<std::size_t>(task)].folder(); }, kPoints);
  for (std::size_t task = 0; task < scenes.size(); ++task) {
    EXPECT_EQ(ends[task].exit_code, 0) << ends[task].errors;
    scenes[task].end = ends[task];
    scenes[task].expect_nothing_lost();
    scenes[task].expect_resume_completes();
  }
  figure.reached(std::to_string(kTasks * kPoints) + " points in 16 folders: 0 lost");
}

/// What the tasks of one folder leave: every point, and a results.h5 of all of them.
void expect_all_there(Scene& scene, const std::vector<WriterEnd>& ends) {
  for (const WriterEnd& end : ends) {
    scene.end.acknowledged.insert(scene.end.acknowledged.end(), end.acknowledged.begin(),
                                  end.acknowledged.end());
  }
  scene.expect_nothing_lost();
  const auto results = read_whole(scene.folder() + "/results.h5");
  scene.expect_resume_completes();
  EXPECT_TRUE(scene.end.acknowledged.empty()) << "points were missing";
  EXPECT_EQ(read_whole(scene.folder() + "/results.h5"), results) << "a task left it without the last points";
}

TEST_P(Tasks, InOneFolderLoseNothing) {
  const test::Figure figure("concurrency", part() + ", one folder");
  const int rounds = test::share_or_whole(3, 20);
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    Scene scene(old_, Scene::kOld * kTasks);
    const auto ends = run([&](int) { return scene.folder(); }, Scene::kOld * kTasks, true);
    for (const WriterEnd& end : ends) EXPECT_EQ(end.exit_code, 0) << end.signal << end.errors;
    expect_all_there(scene, ends);
  }
  figure.reached(std::to_string(rounds) + " times " + std::to_string(Scene::kOld * kTasks) +
                 " points: 0 lost, all in results.h5");
}

/// Two that measure the same point at once: whoever comes second finds it there, or refuses to change it.
TEST_P(Tasks, ThatMeasureTheSameLoseNothing) {
  const test::Figure figure("concurrency", part() + ", same points");
  Scene scene(old_, kPoints);
  const auto ends = run([&](int) { return scene.folder(); }, kPoints);
  for (const WriterEnd& end : ends) {
    EXPECT_TRUE(end.exit_code == 0 || end.exit_code == 2) << end.exit_code << end.signal << end.errors;
  }
  expect_all_there(scene, ends);
  figure.reached(std::to_string(kPoints) + " points measured by all at once: 0 lost");
}

/// A point of another task comes before each system call of a writer of the same point, one after the other:
/// at no moment may the writer move it aside or replace it.
TEST(Publishing, LeavesAPointThatCameMeanwhileAsItIs) {
  const TemporaryFolder old;
  make_old_points(old);
  const std::string name = "/points/" + point_id(example_point(Scene::kOld)) + ".h5";
  const TemporaryFolder other;
  ASSERT_EQ(run_writer(other / "launch", Scene::kOld + 1, false).exit_code, 0);
  const std::string theirs = (other / "launch") + name;
  int call = 1;
  int refused = 0;
  for (;; ++call) {
    SCOPED_TRACE("it came before call " + std::to_string(call));
    Scene scene(old, Scene::kOld + 1);
    const std::string file = scene.folder() + name;
    if (!scene.fault("meanwhile", call, "write", {{"FAULT_FROM", theirs}, {"FAULT_TO", file}})) break;
    EXPECT_TRUE(std::filesystem::exists(file) && std::filesystem::equivalent(file, theirs)) << "not theirs";
    EXPECT_TRUE(scene.end.acknowledged.empty());
    EXPECT_TRUE(scene.end.exit_code == 0 || scene.end.exit_code == 2) << scene.end.exit_code;
    refused += scene.end.exit_code == 2 ? 1 : 0;
    scene.expect_nothing_lost();
    scene.expect_resume_completes();
    if (HasFailure()) break;
  }
  EXPECT_GE(refused, 5) << "it never came while the writer published, in " << call << " calls";
}

TEST(Publishing, NeedsNoHardLinks) {
  const TemporaryFolder old;
  make_old_points(old);
  Scene scene(old, kPoints);
  const std::string damaged = scene.folder() + "/points/" + point_id(example_point(0)) + ".h5";
  std::filesystem::permissions(damaged, std::filesystem::perms::owner_all);
  std::filesystem::resize_file(damaged, 100);
  EXPECT_FALSE(scene.fault("none", 0, "write", {{"FAULT_NO_LINKS", "1"}}));
  EXPECT_EQ(scene.end.exit_code, 0) << scene.end.errors;
  EXPECT_EQ(scene.end.acknowledged.size(), static_cast<std::size_t>(kPoints - Scene::kOld + 1));
  EXPECT_TRUE(std::filesystem::exists(damaged + ".damaged"));
  scene.expect_nothing_lost();
  scene.expect_resume_completes();
}

INSTANTIATE_TEST_SUITE_P(Locking, Tasks, testing::Values("TRUE", "FALSE"), [](const auto& tested) {
  return std::string(tested.param) == "TRUE" ? "on" : "off";
});

}  // namespace
}  // namespace tpscale
