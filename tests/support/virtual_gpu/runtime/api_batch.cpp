#include <numeric>
#include <utility>
#include <vector>

#include "support/virtual_gpu/runtime/api.h"
#include "support/virtual_gpu/runtime/copy.h"
#include "support/virtual_gpu/runtime/random.h"

// CUDA Runtime API 13, "Memory Management": batches of copies.
using namespace tpscale::virtual_gpu;

namespace {

/// "the first entry in attrsIdxs must always be 0. Also, each entry must be greater than the previous entry
/// and the last entry should be less than count. Furthermore, numAttrs must be lesser than or equal to
/// count"; "Each memcpy operation in the batch must have a valid cudaMemcpyAttributes corresponding to it
/// including the appropriate srcAccessOrder setting, otherwise the API will return cudaErrorInvalidValue".
bool valid_attributes(const cudaMemcpyAttributes* attributes, const std::size_t* firsts, std::size_t number,
                      std::size_t count) {
  if (number == 0 || number > count || firsts[0] != 0 || firsts[number - 1] >= count) return false;
  for (std::size_t i = 0; i < number; ++i) {
    if (i > 0 && firsts[i] <= firsts[i - 1]) return false;
    const cudaMemcpySrcAccessOrder order = attributes[i].srcAccessOrder;
    if (order != cudaMemcpySrcAccessOrderStream && order != cudaMemcpySrcAccessOrderDuringApiCall &&
        order != cudaMemcpySrcAccessOrderAny) {
      return false;
    }
  }
  return true;
}

/// "there are no ordering guarantees for copies within a batch".
std::vector<std::size_t> drawn_order(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[draw() % i]);
  return order;
}

}  // namespace

extern "C" {

cudaError_t cudaMemcpyBatchAsync(void* const* to, const void* const* from, const std::size_t* sizes,
                                 std::size_t count, cudaMemcpyAttributes* attributes, std::size_t* firsts,
                                 std::size_t number, cudaStream_t stream) {
  const cudaError_t refused = call("cudaMemcpyBatchAsync", DuringCapture::kAllowed, [&](Lock&) {
    // "The stream to enqueue the operations in. Must not be legacy NULL stream."
    const bool legacy = stream == nullptr || stream == cudaStreamLegacy;
    return !legacy && valid_attributes(attributes, firsts, number, count) ? cudaSuccess
                                                                          : cudaErrorInvalidValue;
  });
  if (refused != cudaSuccess) return refused;
  for (const std::size_t i : drawn_order(count)) {
    const cudaError_t error = copy(stream, to[i], from[i], {sizes[i], 1, sizes[i], sizes[i]},
                                   cudaMemcpyDefault, true, "a copy of cudaMemcpyBatchAsync");
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

}  // extern "C"
