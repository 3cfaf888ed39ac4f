#pragma once
#include <mpi.h>

#include <span>
#include <vector>

#include "core/dtype.h"

namespace tpscale::mpi {

/// How a tensor of any dtype is summed by MPI in fp32 and rounded once. f32: as it is. Two ranks: one
/// addition in fp32 by an operation of our own, on the message as it is. More ranks: MPI would round after
/// every addition, so the message is widened to f32 first (and takes twice the bytes).
class FloatSum {
 public:
  explicit FloatSum(int ranks);
  ~FloatSum();
  FloatSum(const FloatSum&) = delete;
  FloatSum& operator=(const FloatSum&) = delete;

  bool widens(Dtype dtype) const noexcept { return dtype != Dtype::kF32 && ranks_ > 2; }
  MPI_Datatype type(Dtype dtype) const noexcept;
  MPI_Op operation(Dtype dtype) const noexcept;

  /// `count` elements as f32, in memory of this object, `offset` elements after its begin.
  float* widened(Dtype dtype, const void* data, std::size_t count);
  static void narrow(Dtype dtype, void* out, const float* in, std::size_t count);
  std::byte* scratch(std::size_t bytes);

 private:
  int ranks_;
  MPI_Op bf16_ = MPI_OP_NULL;
  MPI_Op f16_ = MPI_OP_NULL;
  std::vector<float> wide_;
  std::vector<std::byte> scratch_;
};

}  // namespace tpscale::mpi
