#include "bench/store/file_image.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace tpscale {
namespace {

constexpr std::size_t kGrowth = std::size_t{1} << 16;
constexpr unsigned kAlwaysCompact = 65535;

Hdf5Handle memory_access() {
  Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make file access properties");
  require_hdf5(H5Pset_fapl_core(access.get(), kGrowth, false), "choose the driver in memory");
  require_hdf5(H5Pset_libver_bounds(access.get(), H5F_LIBVER_LATEST, H5F_LIBVER_LATEST),
               "choose the latest format");
  require_hdf5(H5Pset_fclose_degree(access.get(), H5F_CLOSE_SEMI), "choose how files close");
  return access;
}

}  // namespace

Hdf5Handle creation_properties(hid_t property_class) {
  constexpr unsigned kTracked = H5P_CRT_ORDER_TRACKED;
  Hdf5Handle properties(H5Pcreate(property_class), H5Pclose, "make creation properties");
  const hid_t id = properties.get();
  require_hdf5(H5Pset_attr_creation_order(id, kTracked), "track the order of attributes");
  require_hdf5(H5Pset_attr_phase_change(id, kAlwaysCompact, 0), "keep attributes in headers");
  require_hdf5(H5Pset_obj_track_times(id, false), "leave out time stamps");
  if (property_class != H5P_DATASET_CREATE) {
    require_hdf5(H5Pset_link_creation_order(id, kTracked), "track the order of links");
    require_hdf5(H5Pset_link_phase_change(id, kAlwaysCompact, 0), "keep links in headers");
  }
  return properties;
}

/// The memory that the driver frees when the file closes. H5Fget_file_image is no way to get it: in HDF5 1.10
/// it clears a flag of the superblock and leaves the superblock's checksum as it was, so that the file cannot
/// be opened.
struct FileImage::Closed {
  void* memory = nullptr;

  Closed() = default;
  Closed(const Closed&) = delete;
  Closed& operator=(const Closed&) = delete;
  ~Closed() { std::free(memory); }

  static void* allocate(std::size_t bytes, H5FD_file_image_op_t, void*) noexcept {
    return std::malloc(bytes);
  }
  static void* copy(void* to, const void* from, std::size_t bytes, H5FD_file_image_op_t, void*) noexcept {
    return std::memcpy(to, from, bytes);
  }
  static void* reallocate(void* memory, std::size_t bytes, H5FD_file_image_op_t, void*) noexcept {
    return std::realloc(memory, bytes);
  }
  static herr_t release(void* memory, H5FD_file_image_op_t operation, void* closed) noexcept {
    if (operation == H5FD_FILE_IMAGE_OP_FILE_CLOSE) {
      std::swap(memory, static_cast<Closed*>(closed)->memory);
    }
    std::free(memory);
    return 0;
  }
  static void* same(void* closed) noexcept { return closed; }
  static herr_t keep(void*) noexcept { return 0; }

  /// No file is ever opened by it, but the driver takes two files of one name for the same.
  std::string name() const { return "memory " + std::to_string(reinterpret_cast<std::uintptr_t>(this)); }
};

FileImage FileImage::create() {
  prepare_hdf5();
  const Hdf5Handle access = memory_access();
  auto closed = std::make_shared<Closed>();
  H5FD_file_image_callbacks_t callbacks = {Closed::allocate, Closed::copy, Closed::reallocate,
                                           Closed::release,  Closed::same, Closed::keep,
                                           closed.get()};
  require_hdf5(H5Pset_file_image_callbacks(access.get(), &callbacks), "keep the memory of the file");
  const Hdf5Handle creation = creation_properties(H5P_FILE_CREATE);
  return {closed, Hdf5Handle(H5Fcreate(closed->name().c_str(), H5F_ACC_TRUNC, creation.get(), access.get()),
                             H5Fclose, "make a file in memory")};
}

FileImage FileImage::open(const Bytes& bytes) {
  prepare_hdf5();
  const Hdf5Handle access = memory_access();
  Bytes copy = bytes;
  require_hdf5(H5Pset_file_image(access.get(), copy.data(), copy.size()), "take the file into memory");
  const auto closed = std::make_shared<Closed>();
  return {closed,
          Hdf5Handle(H5Fopen(closed->name().c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose, "open")};
}

Bytes FileImage::finish() && {
  require_hdf5(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), "write into memory");
  const ssize_t size = require_hdf5(H5Fget_file_image(file_.get(), nullptr, 0), "measure the file in memory");
  file_.close();
  if (closed_->memory == nullptr) throw Hdf5Error("the file in memory did not close");
  const auto* begin = static_cast<const std::byte*>(closed_->memory);
  return {begin, begin + size};
}

}  // namespace tpscale
