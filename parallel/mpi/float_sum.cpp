#include "parallel/mpi/float_sum.h"

#include <array>
#include <cstddef>

#include "parallel/exchange/sum.h"
#include "parallel/mpi/call.h"

namespace tpscale::mpi {
namespace {

/// MPI's form of an operation: inout = in + inout.
template <Dtype dtype>
void add(void* in, void* inout, int* count, MPI_Datatype*) {
  const std::array<const void*, 2> parts = {in, inout};
  sum_parts(dtype, inout, parts, static_cast<std::size_t>(*count));
}

}  // namespace

FloatSum::FloatSum(int ranks) : ranks_(ranks) {
  constexpr int kCommutes = 1;
  require(MPI_Op_create(&add<Dtype::kBF16>, kCommutes, &bf16_), "MPI_Op_create");
  require(MPI_Op_create(&add<Dtype::kF16>, kCommutes, &f16_), "MPI_Op_create");
}

FloatSum::~FloatSum() {
  MPI_Op_free(&bf16_);
  MPI_Op_free(&f16_);
}

MPI_Datatype FloatSum::type(Dtype dtype) const noexcept {
  return dtype == Dtype::kF32 || widens(dtype) ? MPI_FLOAT : MPI_UINT16_T;
}

MPI_Op FloatSum::operation(Dtype dtype) const noexcept {
  if (dtype == Dtype::kF32 || widens(dtype)) return MPI_SUM;
  return dtype == Dtype::kBF16 ? bf16_ : f16_;
}

float* FloatSum::widened(Dtype dtype, const void* data, std::size_t count) {
  if (wide_.size() < count) wide_.resize(count);
  dispatch_dtype(dtype, [&](auto element) {
    const auto* in = static_cast<const decltype(element)*>(data);
    for (std::size_t i = 0; i < count; ++i) wide_[i] = static_cast<float>(in[i]);
  });
  return wide_.data();
}

void FloatSum::narrow(Dtype dtype, void* out, const float* in, std::size_t count) {
  dispatch_dtype(dtype, [&](auto element) {
    using Element = decltype(element);
    for (std::size_t i = 0; i < count; ++i) static_cast<Element*>(out)[i] = Element(in[i]);
  });
}

std::byte* FloatSum::scratch(std::size_t bytes) {
  if (scratch_.size() < bytes) scratch_.resize(bytes);
  return scratch_.data();
}

}  // namespace tpscale::mpi
