#include "support/virtual_gpu/runtime/shared_arrays.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace tpscale::virtual_gpu {
namespace {

struct Array {
  std::size_t offset;  ///< in the program's block of thread-local variables
  std::size_t bytes;
};

template <class T>
std::vector<T> read_table(std::ifstream& file, std::size_t offset, std::size_t bytes) {
  std::vector<T> table(bytes / sizeof(T));
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(table.data()), static_cast<std::streamsize>(table.size() * sizeof(T)));
  return table;
}

std::vector<Array> find_arrays() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  ElfW(Ehdr) header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  const auto sections = read_table<ElfW(Shdr)>(file, header.e_shoff, header.e_shnum * sizeof(ElfW(Shdr)));
  std::vector<Array> arrays;
  for (const auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB) continue;
    const auto symbols = read_table<ElfW(Sym)>(file, section.sh_offset, section.sh_size);
    const auto& strings = sections[section.sh_link];
    const auto names = read_table<char>(file, strings.sh_offset, strings.sh_size);
    for (const auto& symbol : symbols) {
      if ((symbol.st_info & 0xFU) != STT_TLS || symbol.st_shndx == SHN_UNDEF || symbol.st_size == 0) continue;
      const std::string name = names.data() + symbol.st_name;
      if (name.starts_with("_ZZ") && name.find("virtual_gpu_shared") != std::string::npos) {
        arrays.push_back({symbol.st_value, symbol.st_size});
      }
    }
  }
  return arrays;
}

/// The program comes first; its block of the calling thread.
int take_first(dl_phdr_info* info, std::size_t, void* block) {
  *static_cast<std::byte**>(block) = static_cast<std::byte*>(info->dlpi_tls_data);
  return 1;
}

class SharedArrays {
 public:
  SharedArrays() {
    static const std::vector<Array> of_program = find_arrays();
    dl_iterate_phdr(take_first, &block_);
    if (block_ == nullptr) return;
    arrays_ = of_program;
    for (const Array& array : arrays_) std::memset(block_ + array.offset, 0xFF, array.bytes);
  }

  void poison(const void* function) {
    for (std::size_t which : known_[function].used) std::memset(at(which), 0xFF, arrays_[which].bytes);
  }

  void learn(const void* function, bool last) {
    Known& known = known_[function];
    if (known.launched && !last) return;
    known.launched = known.launched || last;
    for (std::size_t which = 0; which < arrays_.size(); ++which) {
      if (clean(which)) continue;
      if (std::find(known.used.begin(), known.used.end(), which) == known.used.end())
        known.used.push_back(which);
      std::memset(at(which), 0xFF, arrays_[which].bytes);
    }
  }

 private:
  std::byte* at(std::size_t which) { return block_ + arrays_[which].offset; }
  bool clean(std::size_t which) {
    const std::byte* first = at(which);
    return *first == std::byte{0xFF} && std::memcmp(first, first + 1, arrays_[which].bytes - 1) == 0;
  }

  std::byte* block_ = nullptr;
  std::vector<Array> arrays_;
  struct Known {
    bool launched = false;
    std::vector<std::size_t> used;
  };
  std::map<const void*, Known> known_;
};

SharedArrays& of_this_host_thread() {
  thread_local SharedArrays arrays;
  return arrays;
}

}  // namespace

void poison_shared_arrays(const void* function) {
  of_this_host_thread().poison(function);
}

void learn_shared_arrays(const void* function, bool last) {
  of_this_host_thread().learn(function, last);
}

}  // namespace tpscale::virtual_gpu
