#pragma once
#include <cstddef>
#include <source_location>
#include <vector>

namespace tpscale::virtual_gpu {

/// The cp.async of one thread that are in flight (PTX ISA, "Data Movement and Conversion Instructions:
/// cp.async": the order in which they land is not defined, only commit and wait make it so).
class AsyncCopies {
 public:
  void add(void* shared, const void* global, std::size_t bytes, std::size_t source_bytes,
           std::source_location place);
  void commit();
  void wait(int groups_in_flight);
  bool none_left() const { return pending_.empty(); }
  std::source_location first_place() const { return pending_.front().place; }
  void clear();

 private:
  struct Copy {
    void* shared;
    const void* global;
    std::size_t bytes;
    std::size_t source_bytes;
    int group;
    bool landed;
    std::source_location place;
    void land();
  };
  std::vector<Copy> pending_;
  int open_group_ = 0;
};

}  // namespace tpscale::virtual_gpu
