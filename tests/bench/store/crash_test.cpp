// The writer of ten points is killed, robbed of its disk or given errors at each of its system calls, one
// after the other.
#include <gtest/gtest.h>

#include <csignal>

#include "scene.h"
#include "support/figures.h"

namespace tpscale {
namespace {

constexpr int kPoints = Scene::kOld + 10;
constexpr int kMostCalls = 2000;

struct Fault {
  const char* mode;
  const char* side;
  const char* promise;
  const char* part;
};

class CrashAt : public testing::TestWithParam<Fault> {
 protected:
  CrashAt() { make_old_points(old_); }
  const TemporaryFolder old_;
};

void expect_end(const WriterEnd& end, const std::string& mode) {
  if (mode == "kill" || mode == "torn") {
    EXPECT_EQ(end.signal, SIGKILL);
  } else if (mode == "short") {  // half a write that is said is no error: the other half follows
    EXPECT_EQ(end.exit_code, 0) << end.errors;
  } else {
    EXPECT_EQ(end.exit_code, 74) << end.signal << end.errors;
    EXPECT_FALSE(end.errors.empty());
  }
}

TEST_P(CrashAt, EachCallLosesNothing) {
  const Fault& fault = GetParam();
  const test::Figure figure(fault.promise, fault.part);
  int call = 1;
  for (;; ++call) {
    SCOPED_TRACE(std::string(fault.mode) + " at call " + std::to_string(call));
    ASSERT_LT(call, kMostCalls);
    Scene scene(old_, kPoints);
    if (!scene.fault(fault.mode, call, fault.side)) {
      EXPECT_EQ(scene.end.exit_code, 0) << scene.end.errors;
      break;
    }
    expect_end(scene.end, fault.mode);
    scene.expect_nothing_lost();
    scene.expect_h5dump_opens_all();
    if (test::runs_whole() || call % 5 == 0) scene.expect_resume_completes();
    if (HasFailure()) break;
  }
  EXPECT_GT(call, 40);
  figure.reached(std::to_string(call - 1) + " calls of a 10-point run: 0 points lost");
}

const Fault kFaults[] = {
    {"kill", "write", "crash safety", "killed before each call"},
    {"torn", "write", "crash safety", "killed in each call (torn)"},
    {"full", "write", "disk full, I/O errors", "store, disk full"},
    {"error", "write", "disk full, I/O errors", "store, errors of writing"},
    {"short", "write", "disk full, I/O errors", "store, half a write"},
    {"error", "read", "disk full, I/O errors", "store, errors of reading"},
};
INSTANTIATE_TEST_SUITE_P(Each, CrashAt, testing::ValuesIn(kFaults), [](const auto& tested) {
  return std::string(tested.param.mode) + "_" + tested.param.side;
});

TEST(Crash, FileSizeLimitIsAnErrorAndNoSignal) {
  const TemporaryFolder old;
  make_old_points(old);
  Scene scene(old, kPoints);
  scene.end = run_writer(scene.folder(), kPoints, true, {{"TPSCALE_TEST_FILE_LIMIT", "1000"}});
  EXPECT_EQ(scene.end.exit_code, 74) << scene.end.signal << scene.end.errors;
  scene.expect_nothing_lost();
}

}  // namespace
}  // namespace tpscale
