#include "parallel/mpi/comm.h"

#include <array>

namespace tpscale::mpi {

Comm Comm::of_first(MPI_Comm comm, int degree) {
  MPI_Group all = MPI_GROUP_NULL;
  MPI_Group first = MPI_GROUP_NULL;
  MPI_Comm handle = MPI_COMM_NULL;
  std::array<std::array<int, 3>, 1> range{{{0, degree - 1, 1}}};
  require(MPI_Comm_group(comm, &all), "MPI_Comm_group");
  require(MPI_Group_range_incl(all, 1, reinterpret_cast<int(*)[3]>(range.data()), &first),
          "MPI_Group_range_incl");
  require(MPI_Comm_create_group(comm, first, degree, &handle), "MPI_Comm_create_group");
  MPI_Group_free(&first);
  MPI_Group_free(&all);
  return Comm(handle);
}

int Comm::rank() const {
  int rank = 0;
  require(MPI_Comm_rank(handle_, &rank), "MPI_Comm_rank");
  return rank;
}

int Comm::size() const {
  int size = 0;
  require(MPI_Comm_size(handle_, &size), "MPI_Comm_size");
  return size;
}

}  // namespace tpscale::mpi
