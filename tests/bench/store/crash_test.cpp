// The writer is killed, robbed of its disk or given errors at each of its write-type system calls, one after
// the other.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>

#include "bench/store/content_hash.h"
#include "bench/store/durable_file.h"
#include "bench/store/point_reader.h"
#include "bench/store/store.h"
#include "core/error.h"
#include "example_point.h"
#include "temporary_folder.h"
#include "writer_process.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;
constexpr int kOld = 2;     // points that were there before
constexpr int kPoints = 5;  // in all
constexpr int kMostCalls = 400;

/// A folder with old points, its writer's end, and what must hold after any end.
class Scene {
 public:
  explicit Scene(const TemporaryFolder& old) {
    fs::copy(old / "launch", folder(), fs::copy_options::recursive);
  }

  std::string folder() const { return base_ / "launch"; }
  /// Lets call number `call` of a resumed writer go wrong. False where there are not so many calls.
  bool fault(const std::string& mode, int call) {
    const std::string fired = base_ / "fired";
    end = run_writer(folder(), kPoints, true,
                     {{"LD_PRELOAD", TPSCALE_FAULT_SHIM},
                      {"ASAN_OPTIONS", "verify_asan_link_order=0"},
                      {"FAULT_FOLDER", folder()},
                      {"FAULT_MODE", mode},
                      {"FAULT_CALL", std::to_string(call)},
                      {"FAULT_FIRED", fired}});
    return fs::exists(fired);
  }
  /// Every point that is there reads right, all that must be there are there.
  void expect_nothing_lost() const {
    const auto store = open_hdf5_store(folder(), true, kExampleIdentity);
    for (std::int64_t i = 0; i < kOld; ++i) expect_whole(*store, i);
    for (const std::int64_t i : end.acknowledged) expect_whole(*store, i);
    for (const auto& entry : fs::directory_iterator(folder() + "/points")) {
      if (entry.path().extension() == ".h5") {
        EXPECT_NO_THROW(read_point(*read_whole(entry.path()), entry.path())) << entry.path();
      }
    }
  }
  void expect_resume_completes() {
    end = run_writer(folder(), kPoints, true);
    EXPECT_EQ(end.exit_code, 0) << end.errors;
    const auto store = open_hdf5_store(folder(), true, kExampleIdentity);
    for (std::int64_t i = 0; i < kPoints; ++i) expect_whole(*store, i);
    EXPECT_TRUE(fs::exists(folder() + "/results.h5"));
  }

  WriterEnd end;

 private:
  static void expect_whole(const Store& store, std::int64_t number) {
    const Point expected = example_point(number);
    const auto point = store.read(expected.parameters);
    ASSERT_TRUE(point.has_value()) << "point " << number << " is lost";
    EXPECT_EQ(content_hash(*point), content_hash(expected));
  }

  TemporaryFolder base_;
};

class Crash : public testing::Test {
 protected:
  Crash() { EXPECT_EQ(run_writer(old_ / "launch", kOld, false).exit_code, 0); }
  const TemporaryFolder old_;
};

class CrashAt : public Crash, public testing::WithParamInterface<const char*> {};

TEST_P(CrashAt, EachCallLosesNothing) {
  const std::string mode = GetParam();
  int call = 1;
  for (;; ++call) {
    SCOPED_TRACE(mode + " at call " + std::to_string(call));
    ASSERT_LT(call, kMostCalls);
    Scene scene(old_);
    if (!scene.fault(mode, call)) {
      EXPECT_EQ(scene.end.exit_code, 0) << scene.end.errors;
      break;
    }
    if (mode == "kill" || mode == "torn") {
      EXPECT_EQ(scene.end.signal, SIGKILL);
    } else if (mode == "full") {
      EXPECT_EQ(scene.end.exit_code, 74) << scene.end.errors;
    } else {  // an error that did no harm (removing a temporary name, half a write) may be survived
      EXPECT_TRUE(scene.end.exit_code == 74 || scene.end.exit_code == 0)
          << scene.end.exit_code << scene.end.errors;
    }
    if (scene.end.exit_code == 74) {
      EXPECT_FALSE(scene.end.errors.empty());
    }
    scene.expect_nothing_lost();
    if (call % 5 == 0) scene.expect_resume_completes();
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(call, 20);
}

INSTANTIATE_TEST_SUITE_P(Each, CrashAt, testing::Values("kill", "torn", "full", "error", "short"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_F(Crash, RandomKillsAndResumes) {
  // The moments are spread over what a writer takes here: fixed ones all come too late on a fast machine.
  Scene undisturbed(old_);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run_writer(undisturbed.folder(), kPoints, true).exit_code, 0);
  const auto length =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  std::mt19937 random(7);
  int killed = 0;
  for (int i = 0; i < 20; ++i) {
    Scene scene(old_);
    scene.end = run_writer(scene.folder(), kPoints, true, {}, length * (random() % 1000) / 1000);
    killed += scene.end.signal == SIGKILL ? 1 : 0;
    scene.expect_nothing_lost();
    scene.expect_resume_completes();
  }
  EXPECT_GT(killed, 0) << "of 20 writers of " << length.count() << " us none was killed in time";
}

TEST_F(Crash, FileSizeLimitIsAnErrorAndNoSignal) {
  Scene scene(old_);
  scene.end = run_writer(scene.folder(), kPoints, true, {{"TPSCALE_TEST_FILE_LIMIT", "1000"}});
  EXPECT_EQ(scene.end.exit_code, 74) << scene.end.signal << scene.end.errors;
  scene.expect_nothing_lost();
}

}  // namespace
}  // namespace tpscale
