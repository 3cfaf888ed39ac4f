#pragma once
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>

#include "support/virtual_gpu/faults.h"

namespace tpscale::virtual_gpu_test {

/// What became of `body` in a process of its own: whether it ended well (returned true), and what it said.
struct Outcome {
  bool passed = false;
  std::string said;
};

inline Outcome run_apart(std::uint64_t seed, const std::function<bool()>& body) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    virtual_gpu::set_seed(seed);
    _exit(body() ? 0 : 1);
  }
  close(ends[1]);
  Outcome outcome;
  char buffer[4096];
  for (ssize_t bytes = 0; (bytes = read(ends[0], buffer, sizeof buffer)) > 0;) {
    outcome.said.append(buffer, static_cast<std::size_t>(bytes));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  outcome.passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return outcome;
}

/// The bug shows for at least `at_least` of `seeds` seeds: a wrong result, or an end with `sentence` in what
/// it said. Its correct twin passes for all of them.
inline void expect_caught(int seeds, int at_least, const std::string& sentence,
                          const std::function<bool()>& bug, const std::function<bool()>& twin) {
  int caught = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    const Outcome wrong = run_apart(static_cast<std::uint64_t>(seed), bug);
    if (!wrong.passed) {
      ++caught;
      EXPECT_NE(wrong.said.find(sentence), std::string::npos) << wrong.said;
    }
    const Outcome right = run_apart(static_cast<std::uint64_t>(seed), twin);
    EXPECT_TRUE(right.passed) << "the correct twin failed with seed " << seed << ": " << right.said;
  }
  EXPECT_GE(caught, at_least) << "of " << seeds << " seeds";
  testing::Test::RecordProperty("caught", caught);
}

}  // namespace tpscale::virtual_gpu_test
