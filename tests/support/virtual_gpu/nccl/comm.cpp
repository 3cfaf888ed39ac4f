#include "support/virtual_gpu/nccl/comm.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

ncclResult_t ncclComm::begin(std::function<ncclResult_t()> operation) {
  const std::lock_guard lock(mutex);
  pending = std::move(operation);
  if (!blocking) return ncclInProgress;
  ncclResult_t state = ncclInProgress;
  while (state == ncclInProgress) {
    if (const ncclResult_t result = look(state); result != ncclSuccess) return result;
    if (state == ncclInProgress) usleep(100);
  }
  return state;
}

ncclResult_t ncclComm::look(ncclResult_t& state) {
  const std::lock_guard lock(mutex);
  if (pending) {
    state = pending();
    if (state == ncclInProgress) return ncclSuccess;
    pending = nullptr;
    if (state != ncclSuccess) member->fail(state, tpscale::virtual_gpu::last_failure());
  }
  state = member->error.load();
  return ncclSuccess;
}

ncclResult_t ncclComm::ready() {
  const std::lock_guard lock(mutex);
  if (pending) {
    return tpscale::virtual_gpu::fail_call(
        ncclInvalidArgument, "the communicator is used before the last call's ncclInProgress has ended");
  }
  if (finalized) return tpscale::virtual_gpu::fail_call(ncclInvalidUsage, "the communicator is finalized");
  return member->error.load();
}

namespace tpscale::virtual_gpu {
namespace {

std::string& failure_of_this_thread() {
  thread_local std::string text;
  return text;
}

}  // namespace

int nccl_version() {
  const char* text = std::getenv("VIRTUAL_NCCL_VERSION");
  return text != nullptr ? std::atoi(text) : NCCL_VERSION_CODE;
}

bool has_symmetric_memory() {
  const char* text = std::getenv("VIRTUAL_NCCL_SYMMETRIC");
  return text == nullptr || std::string_view(text) != "0";
}

ncclResult_t fail_call(ncclResult_t result, std::string reason) {
  failure_of_this_thread() = std::move(reason);
  return result;
}

std::string last_failure() {
  return failure_of_this_thread();
}

}  // namespace tpscale::virtual_gpu
