#pragma once
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tpscale::test {

/// How a command ended and what it said.
struct LaunchOutcome {
  int status = 0;  ///< exit status, 128 + signal
  double seconds = 0;
  std::string text;
};

/// Runs `command` in a shell; one that hangs is killed after a minute.
inline LaunchOutcome launch(const std::string& command) {
  LaunchOutcome outcome;
  const auto start = std::chrono::steady_clock::now();
  std::FILE* pipe = popen(("timeout -s KILL 60 " + command + " 2>&1").c_str(), "r");
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof(buffer), pipe)) outcome.text.append(buffer, n);
  const int status = pclose(pipe);
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

/// Processes of this machine with `token` on their command line.
inline int processes_with(const std::string& token) {
  int count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    std::ifstream file(entry.path() / "cmdline");
    std::stringstream text;
    if (file) text << file.rdbuf();
    count += text.str().find(token) != std::string::npos;
  }
  return count;
}

}  // namespace tpscale::test
