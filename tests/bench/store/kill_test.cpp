// Killed at moments that nobody chose, and resumed.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <random>

#include "scene.h"
#include "support/figures.h"

namespace tpscale {
namespace {

constexpr int kPoints = Scene::kOld + 3;

TEST(Kills, AtRandomMomentsLoseDoubleAndRepeatNothing) {
  const test::Figure figure("kills and resume", "store");
  const TemporaryFolder old;
  make_old_points(old);
  // The moments are spread over what a writer takes here: fixed ones all come too late on a fast machine.
  Scene undisturbed(old, kPoints);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run_writer(undisturbed.folder(), kPoints, true).exit_code, 0);
  const auto length =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  std::mt19937 random(7);
  const int wanted = test::share_or_whole(20, 1000);
  int killed = 0;
  for (int i = 0; killed < wanted && i < 5 * wanted && !HasFailure(); ++i) {
    Scene scene(old, kPoints);
    scene.kill_after(length * (random() % 1000) / 1000);
    killed += scene.end.signal == SIGKILL ? 1 : 0;
    scene.expect_nothing_lost();
    scene.expect_resume_completes();
  }
  EXPECT_GT(killed, 0) << "of writers of " << length.count() << " us none was killed in time";
  figure.reached(std::to_string(killed) + " kills: 0 points lost, doubled or repeated");
}

}  // namespace
}  // namespace tpscale
