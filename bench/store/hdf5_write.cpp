#include "bench/store/hdf5_write.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "bench/store/file_image.h"

namespace tpscale {
namespace {

constexpr std::size_t kChunkValues = std::size_t{1}
                                     << 17;  // 1 MiB: small enough to re-read, large enough to be fast

void write_raw(hid_t object, const std::string& name, hid_t file_type, hid_t memory_type, hid_t space,
               const void* data) {
  const Hdf5Handle attribute(H5Acreate2(object, name.c_str(), file_type, space, H5P_DEFAULT, H5P_DEFAULT),
                             H5Aclose, "make attribute '" + name + "'");
  if (data != nullptr)
    require_hdf5(H5Awrite(attribute.get(), memory_type, data), "write attribute '" + name + "'");
}

Hdf5Handle scalar() {
  return {H5Screate(H5S_SCALAR), H5Sclose, "make a scalar space"};
}

Hdf5Handle list_of(std::size_t count) {
  const hsize_t size = count;
  return {H5Screate_simple(1, &size, nullptr), H5Sclose, "make a list space"};
}

Hdf5Handle string_type(std::size_t size) {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
  require_hdf5(H5Tset_size(type.get(), std::max<std::size_t>(size, 1)), "size a string type");
  require_hdf5(H5Tset_cset(type.get(), H5T_CSET_UTF8), "make a string type UTF-8");
  require_hdf5(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "pad a string type");
  return type;
}

struct AttributeWriter {
  hid_t object;
  const std::string& name;

  void operator()(bool value) const {
    const std::int8_t byte = value ? 1 : 0;
    const Hdf5Handle type = bool_type();
    write_raw(object, name, type.get(), type.get(), scalar().get(), &byte);
  }
  void operator()(std::int64_t value) const {
    write_raw(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, scalar().get(), &value);
  }
  void operator()(double value) const {
    write_raw(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, scalar().get(), &value);
  }
  void operator()(const std::string& value) const {
    const Hdf5Handle type = string_type(value.size());
    write_raw(object, name, type.get(), type.get(), scalar().get(), value.c_str());
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    if (values.empty()) {
      const Hdf5Handle none(H5Screate(H5S_NULL), H5Sclose, "make an empty space");
      write_raw(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, none.get(), nullptr);
    } else {
      write_raw(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, list_of(values.size()).get(), values.data());
    }
  }
};

Hdf5Handle write_numbers(hid_t parent, const std::string& name, std::size_t rows, std::size_t cols,
                         hid_t file_type, hid_t memory_type, const void* data) {
  const int rank = cols == 0 ? 1 : 2;
  const std::array<hsize_t, 2> size = {rows, cols};
  std::array<hsize_t, 2> chunk = size;
  if (cols != 0) chunk[1] = std::min<hsize_t>(cols, kChunkValues);
  chunk[0] = std::clamp<hsize_t>(kChunkValues / (cols == 0 ? 1 : chunk[1]), 1, rows);
  const Hdf5Handle space(H5Screate_simple(rank, size.data(), nullptr), H5Sclose,
                         "make the space of '" + name + "'");
  const Hdf5Handle creation = creation_properties(H5P_DATASET_CREATE);
  require_hdf5(H5Pset_chunk(creation.get(), rank, chunk.data()), "chunk '" + name + "'");
  require_hdf5(H5Pset_fletcher32(creation.get()), "checksum '" + name + "'");
  Hdf5Handle dataset(
      H5Dcreate2(parent, name.c_str(), file_type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
      H5Dclose, "make dataset '" + name + "'");
  require_hdf5(H5Dwrite(dataset.get(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data),
               "write '" + name + "'");
  return dataset;
}

}  // namespace

Hdf5Handle bool_type() {
  Hdf5Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose, "make the type of bool");
  std::int8_t value = 0;
  require_hdf5(H5Tenum_insert(type.get(), "FALSE", &value), "name FALSE");
  value = 1;
  require_hdf5(H5Tenum_insert(type.get(), "TRUE", &value), "name TRUE");
  return type;
}

void write_attribute(hid_t object, const std::string& name, const Value& value) {
  std::visit(AttributeWriter{object, name}, value);
}

void write_attribute(hid_t object, const std::string& name, const std::vector<std::string>& values) {
  std::size_t width = 1;
  for (const std::string& value : values) width = std::max(width, value.size());
  std::string padded(width * values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    std::memcpy(&padded[i * width], values[i].data(), values[i].size());
  const Hdf5Handle type = string_type(width);
  write_raw(object, name, type.get(), type.get(), list_of(values.size()).get(), padded.data());
}

Hdf5Handle make_group(hid_t parent, const std::string& name) {
  const Hdf5Handle creation = creation_properties(H5P_GROUP_CREATE);
  return {H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Gclose,
          "make group '" + name + "'"};
}

Hdf5Handle write_dataset(hid_t parent, const std::string& name, std::size_t rows, std::size_t cols,
                         std::span<const double> values) {
  return write_numbers(parent, name, rows, cols, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.data());
}

Hdf5Handle write_dataset(hid_t parent, const std::string& name, std::size_t rows, std::size_t cols,
                         std::span<const std::int64_t> values) {
  return write_numbers(parent, name, rows, cols, H5T_STD_I64LE, H5T_NATIVE_INT64, values.data());
}

}  // namespace tpscale
