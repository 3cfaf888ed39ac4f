#include "comm/single_rank.h"

#include <algorithm>

namespace tpscale {
namespace {

void require_in_place(const void* out, const void* in) {
  check(out == in, "a group of one gathers and scatters in place: pass the same memory as input and output");
}

}  // namespace

void SingleRank::all_gather(TensorView out, ConstTensorView in) {
  require_in_place(out.data, in.data);
}
void SingleRank::reduce_scatter_sum(TensorView out, ConstTensorView in) {
  require_in_place(out.data, in.data);
}
void SingleRank::all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) {
  std::ranges::copy(in, out.begin());
}

}  // namespace tpscale
