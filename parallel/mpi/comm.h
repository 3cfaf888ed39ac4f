#pragma once
#include <mpi.h>

#include <utility>

#include "parallel/mpi/call.h"

namespace tpscale::mpi {

/// Owns an MPI communicator whose errors are returned. Empty (no rank of it) where handle is MPI_COMM_NULL.
class Comm {
 public:
  Comm() = default;
  explicit Comm(MPI_Comm handle) : handle_(handle) {
    if (handle_ != MPI_COMM_NULL)
      require(MPI_Comm_set_errhandler(handle_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  }
  Comm(Comm&& other) noexcept : handle_(std::exchange(other.handle_, MPI_COMM_NULL)) {}
  Comm& operator=(Comm&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Comm(const Comm&) = delete;
  Comm& operator=(const Comm&) = delete;
  ~Comm() {
    if (handle_ != MPI_COMM_NULL) MPI_Comm_free(&handle_);
  }

  static Comm copy_of(MPI_Comm comm) {
    MPI_Comm handle = MPI_COMM_NULL;
    require(MPI_Comm_dup(comm, &handle), "MPI_Comm_dup");
    return Comm(handle);
  }
  /// The ranks of `comm` that can share memory with this one.
  static Comm on_this_host(MPI_Comm comm) {
    MPI_Comm handle = MPI_COMM_NULL;
    require(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &handle),
            "MPI_Comm_split_type");
    return Comm(handle);
  }
  /// Ranks 0 .. degree-1 of `comm`; only they call it.
  static Comm of_first(MPI_Comm comm, int degree);

  MPI_Comm get() const noexcept { return handle_; }
  int rank() const;
  int size() const;

 private:
  MPI_Comm handle_ = MPI_COMM_NULL;
};

}  // namespace tpscale::mpi
