#pragma once
#include <driver_types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

/// What the stand-ins of other libraries (cuBLASLt, NCCL, NVML) build upon.
namespace tpscale::virtual_gpu {

/// Queues `work` on `stream`: it runs late, in stream order, and may then read and write device memory.
/// Where the stream captures, it becomes a node of the graph and runs once for every launch of the graph.
/// `work` must hold its arguments by value.
void enqueue(cudaStream_t stream, std::string name, std::function<void()> work);

/// One look at work that takes several: true when it is done. Never waits, so that a caller who polls the
/// stream with cudaStreamQuery gets its turn between two looks.
using Step = std::function<bool()>;

/// The same for work that waits for others (a collective): `begin` is called when its turn has come and
/// returns what is then called until it is true. A graph calls `begin` once for every launch.
void enqueue_steps(cudaStream_t stream, std::string name, std::function<Step()> begin);

/// The device got an error that it does not recover from: every later call of the runtime in this process
/// returns it (the manual's sticky errors).
void break_device(int device, cudaError_t error);

/// 0, or the code this call must return now (VIRTUAL_GPU_FAIL="cublasLtMatmul:3:7": its third use returns
/// 7). Where told to hang it does not return.
int injected_fault(std::string_view call);

int device_count();
int current_device();
std::size_t memory_bytes(int device);   ///< size of the device's memory
std::size_t memory_in_use(int device);  ///< bytes allocated now, of this process
std::string device_uuid(int device);    ///< "GPU-..." as NVML writes it
int device_of(cudaStream_t stream);     ///< the device the stream was made on
bool is_capturing(cudaStream_t stream);

/// Ends the program with a sentence unless [pointer, pointer + bytes) lies in one live allocation of a
/// device, or in pinned host memory. `what` is the start of the sentence: "argument A of cublasLtMatmul".
void check_device_memory(const std::string& what, const void* pointer, std::size_t bytes);

/// Ends the program with "virtual GPU: <sentence>" and the seed: the code under test has a bug.
[[noreturn]] void report_bug(const std::string& sentence);

}  // namespace tpscale::virtual_gpu
