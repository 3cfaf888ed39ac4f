#include "parallel/mpi/call.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <string>
#include <thread>

#include "core/check.h"
#include "core/error.h"

namespace tpscale::mpi {

void require(int code, const char* name) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING + 1> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  int rank = -1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  throw Error(ExitCode::kFailure, "rank " + std::to_string(rank) + ": " + name + " failed: " + text.data());
}

int count_of(std::size_t value) {
  check(value <= static_cast<std::size_t>(INT_MAX), "a message has more elements than MPI can count");
  return static_cast<int>(value);
}

void wait_asleep(MPI_Request& request) {
  using std::chrono::microseconds;
  microseconds pause(20);
  for (int done = 0;;) {
    require(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done != 0) return;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, microseconds(4000));
  }
}

}  // namespace tpscale::mpi
