#include <nccl.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "support/virtual_gpu/nccl/collective.h"
#include "support/virtual_gpu/nccl/comm.h"
#include "support/virtual_gpu/nccl/ring_sum.h"
#include "support/virtual_gpu/stand_in.h"

namespace vg = tpscale::virtual_gpu;
using Kind = vg::CollectiveCall::Kind;

namespace {

struct Message {
  const void* in;
  std::size_t in_elements;
  void* out;
  std::size_t out_elements;
};

/// The window that holds `at`: its number and where in it. 0 where none does.
std::pair<std::uint32_t, std::uint64_t> window_of(vg::Member& member, const void* at) {
  const std::lock_guard lock(member.mutex);
  const auto* byte = static_cast<const std::byte*>(at);
  auto next = member.windows.upper_bound(byte);
  if (next == member.windows.begin()) return {0, 0};
  const auto& [start, window] = *--next;
  if (byte >= start + window.first) return {0, 0};
  return {window.second, static_cast<std::uint64_t>(byte - start)};
}

/// In stream order, recorded where the stream captures (manual: "Using NCCL with CUDA Graphs").
void queue(const std::shared_ptr<vg::Member>& member, const std::string& name, vg::CollectiveCall call,
           const Message& message, cudaStream_t stream) {
  std::shared_ptr<void> ticket;
  if (!vg::is_capturing(stream)) {
    member->queued.fetch_add(1);
    ticket = std::shared_ptr<void>(member.get(), [keep = member](void*) { keep->queued.fetch_sub(1); });
  }
  const std::size_t element = vg::element_bytes(call.type);
  vg::enqueue_steps(stream, name, [member, name, call, message, element, ticket] {
    vg::check_device_memory("the input of " + name, message.in, message.in_elements * element);
    vg::check_device_memory("the output of " + name, message.out, message.out_elements * element);
    if (const int code = vg::injected_fault(name + ".async"))
      member->fail(static_cast<ncclResult_t>(code), "injected by the test");
    auto collective = std::make_shared<vg::Collective>(member, call, message.in, message.out);
    return vg::Step([collective, ticket] { return collective->look(); });
  });
}

/// nccl.h: collectives "return when operations have been enqueued on the CUDA stream". A communicator that
/// does not block may say ncclInProgress before that; here it does whenever it connects for a kind of
/// collective (manual, "Nonblocking Group Operation").
ncclResult_t call(ncclComm_t comm, const char* name, vg::CollectiveCall call, const Message& message,
                  cudaStream_t stream) {
  if (const int code = vg::injected_fault(name))
    return vg::fail_call(static_cast<ncclResult_t>(code), "injected by the test");
  if (const ncclResult_t result = comm->ready()) return result;
  if (vg::element_bytes(call.type) == 0) return vg::fail_call(ncclInvalidArgument, "a type nobody uses here");
  if (call.count == 0) return ncclSuccess;
  auto [window_in, offset_in] = window_of(*comm->member, message.in);
  auto [window_out, offset_out] = window_of(*comm->member, message.out);
  call.window_in = window_in;
  call.window_out = window_out;
  // In place, one of the two is the rank's own part and lies elsewhere on every rank.
  call.window_offset = call.kind == Kind::kReduceScatter ? offset_in : offset_out;
  const auto enqueue = [member = comm->member, name = std::string(name), call, message, stream] {
    queue(member, name, call, message, stream);
  };
  if (comm->blocking || !comm->connected.insert(name).second) {
    enqueue();
    return ncclSuccess;
  }
  return comm->begin([enqueue, looks = 0]() mutable {
    if (++looks < 3) return ncclInProgress;
    enqueue();
    return ncclSuccess;
  });
}

}  // namespace

extern "C" {

ncclResult_t ncclAllReduce(const void* in, void* out, size_t count, ncclDataType_t type,
                           ncclRedOp_t operation, ncclComm_t comm, cudaStream_t stream) {
  if (operation != ncclSum) return vg::fail_call(ncclInvalidArgument, "only ncclSum is known here");
  return call(comm, "ncclAllReduce", {.kind = Kind::kAllReduce, .type = type, .count = count},
              {in, count, out, count}, stream);
}

ncclResult_t ncclAllGather(const void* in, void* out, size_t count, ncclDataType_t type, ncclComm_t comm,
                           cudaStream_t stream) {
  const auto ranks = static_cast<std::size_t>(comm->member->meeting->ranks());
  return call(comm, "ncclAllGather", {.kind = Kind::kAllGather, .type = type, .count = count},
              {in, count, out, count * ranks}, stream);
}

ncclResult_t ncclReduceScatter(const void* in, void* out, size_t count, ncclDataType_t type,
                               ncclRedOp_t operation, ncclComm_t comm, cudaStream_t stream) {
  if (operation != ncclSum) return vg::fail_call(ncclInvalidArgument, "only ncclSum is known here");
  const auto ranks = static_cast<std::size_t>(comm->member->meeting->ranks());
  return call(comm, "ncclReduceScatter", {.kind = Kind::kReduceScatter, .type = type, .count = count},
              {in, count * ranks, out, count}, stream);
}

ncclResult_t ncclBroadcast(const void* in, void* out, size_t count, ncclDataType_t type, int root,
                           ncclComm_t comm, cudaStream_t stream) {
  if (root < 0 || root >= comm->member->meeting->ranks())
    return vg::fail_call(ncclInvalidArgument, "no such root");
  return call(comm, "ncclBroadcast", {.kind = Kind::kBroadcast, .type = type, .count = count, .root = root},
              {in, count, out, count}, stream);
}

}  // extern "C"
