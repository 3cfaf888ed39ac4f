#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace tpscale::test {

/// True under `launch/test --all`: the whole of each group, where a test otherwise runs a share of it.
inline bool runs_whole() {
  const char* all = std::getenv("TPSCALE_TEST_ALL");
  return all != nullptr && *all != '\0';
}
inline int share_or_whole(int share, int whole) {
  return runs_whole() ? whole : share;
}

/// A promise that a test keeps, for the table that `launch/test` prints at its end (launch/lib/figures.py has
/// the bounds): a line of JSON in the file that TPSCALE_FIGURES names, nothing where it names none. The clock
/// runs from the object's beginning. Texts are plain: no quotes, no backslashes, no control characters.
class Figure {
 public:
  Figure(std::string promise, std::string part) : promise_(std::move(promise)), part_(std::move(part)) {}
  /// Once, at the end of the test: what was reached, like "1000 kills: 0 points lost".
  void reached(const std::string& figure) const {
    const char* file = std::getenv("TPSCALE_FIGURES");
    if (file == nullptr || *file == '\0') return;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin_;
    const std::string line = R"({"promise": ")" + promise_ + R"(", "part": ")" + part_ + R"(", "figure": ")" +
                             figure + R"(", "seconds": )" + std::to_string(took.count()) + R"(, "whole": )" +
                             (runs_whole() ? "true" : "false") + R"(, "passed": )" +
                             (testing::Test::HasFailure() ? "false" : "true") + "}\n";
    const int fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    EXPECT_EQ(::write(fd, line.data(), line.size()), static_cast<ssize_t>(line.size())) << file;
    ::close(fd);
  }

 private:
  std::string promise_, part_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace tpscale::test
