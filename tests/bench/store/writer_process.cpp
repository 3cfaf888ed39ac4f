#include "writer_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "temporary_folder.h"

namespace tpscale {
namespace {

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

WriterEnd run_writer(const std::string& folder, int points, bool resume, const Environment& environment,
                     std::optional<std::chrono::microseconds> kill_after) {
  const TemporaryFolder outputs;
  const std::string out = outputs / "out";
  const std::string err = outputs / "err";
  const std::string count = std::to_string(points);
  std::vector<std::string>
      assignments;  // made here: a child after fork may only do what is safe in a signal handler
  for (char** entry = environ; *entry != nullptr; ++entry) assignments.emplace_back(*entry);
  for (const auto& [name, value] : environment) assignments.push_back(name + "=" + value);
  std::vector<char*> pointers;
  for (std::string& assignment : assignments) pointers.push_back(assignment.data());
  pointers.push_back(nullptr);
  const std::array<const char*, 5> arguments = {TPSCALE_STORE_WRITER, folder.c_str(), count.c_str(),
                                                resume ? "resume" : nullptr, nullptr};
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
    ::execve(arguments[0], const_cast<char**>(arguments.data()), pointers.data());
    ::_exit(127);
  }
  if (kill_after) {
    std::this_thread::sleep_for(*kill_after);
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  WriterEnd end;
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  std::istringstream numbers(content(out));
  for (std::int64_t number = 0; numbers >> number;) end.acknowledged.push_back(number);
  end.errors = content(err);
  return end;
}

}  // namespace tpscale
