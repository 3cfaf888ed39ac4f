#pragma once
#include <string>

namespace tpscale::mpi {

/// MPI from MPI_Init_thread to MPI_Finalize. Only the thread that made it calls MPI.
class Session {
 public:
  Session();
  /// Finalizes; while an exception is on its way, aborts: the other ranks would wait in MPI_Finalize for
  /// ever.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Whether an exception that began after this object is on its way out.
  bool unwinding() const noexcept;

  /// Whether this process was started by mpirun or by srun with PMI. Alone, MPI is not started at all.
  static bool was_launched() noexcept;
  static std::string library();  ///< "Open MPI 4.1.4"
  /// Ends all ranks; where MPI hangs in that, this one at least.
  [[noreturn]] static void abort(int code) noexcept;

 private:
  int exceptions_;
};

}  // namespace tpscale::mpi
