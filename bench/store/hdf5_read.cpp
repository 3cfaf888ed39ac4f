#include "bench/store/hdf5_read.h"

#include <array>

#include "bench/store/hdf5_write.h"

namespace tpscale {
namespace {

constexpr std::size_t kMostNames = 100000;
constexpr std::size_t kMostAttributeBytes = std::size_t{1} << 24;
constexpr std::size_t kMostDatasetBytes = std::size_t{1} << 28;

using Names = std::vector<std::string>;

// Called from C, which no exception may cross.
int keep(Names& names, const char* name) noexcept {
  try {
    if (names.size() >= kMostNames) return -1;
    names.emplace_back(name);
    return 0;
  } catch (...) {
    return -1;
  }
}

extern "C" herr_t keep_attribute(hid_t, const char* name, const H5A_info_t*, void* names) {
  return keep(*static_cast<Names*>(names), name);
}

extern "C" herr_t keep_link(hid_t, const char* name, const H5L_info_t* info, void* names) {
  return info->type == H5L_TYPE_HARD ? keep(*static_cast<Names*>(names), name) : -1;
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Hdf5Error("'" + name + "' " + why);
}

/// An attribute with its type and number of elements, checked to be small.
class Attribute {
 public:
  Attribute(hid_t object, const std::string& name)
      : name_(name),
        attribute_(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "open attribute '" + name + "'"),
        type_(H5Aget_type(attribute_.get()), H5Tclose, "get the type of '" + name + "'"),
        space_(H5Aget_space(attribute_.get()), H5Sclose, "get the space of '" + name + "'") {
    shape_ = require_hdf5(H5Sget_simple_extent_type(space_.get()), "get the shape of '" + name + "'");
    if (shape_ == H5S_SIMPLE && H5Sget_simple_extent_ndims(space_.get()) != 1) refuse(name, "is not a list");
    const hssize_t count = require_hdf5(H5Sget_simple_extent_npoints(space_.get()), "count '" + name + "'");
    count_ = static_cast<std::size_t>(count);
    size_ = H5Tget_size(type_.get());
    if (size_ == 0 || size_ > kMostAttributeBytes || count_ > kMostAttributeBytes / size_)
      refuse(name, "is too large");
  }

  bool scalar() const noexcept { return shape_ == H5S_SCALAR; }
  bool list() const noexcept { return shape_ == H5S_SIMPLE || shape_ == H5S_NULL; }
  std::size_t count() const noexcept { return count_; }
  bool is(hid_t type) const { return require_hdf5(H5Tequal(type_.get(), type), "compare types") > 0; }
  bool fixed_string() const {
    return H5Tget_class(type_.get()) == H5T_STRING &&
           require_hdf5(H5Tis_variable_str(type_.get()), "ask the type of '" + name_ + "'") == 0;
  }
  template <class T>
  std::vector<T> numbers() const {
    std::vector<T> values(count_);
    if (count_ != 0) read(values.data());
    return values;
  }
  template <class T>
  T number() const {
    T value{};
    read(&value);
    return value;
  }
  std::vector<std::string> strings() const {
    std::string padded(count_ * size_, '\0');
    read(padded.data());
    std::vector<std::string> values;
    for (std::size_t i = 0; i < count_; ++i) {
      std::string value = padded.substr(i * size_, size_);
      value.erase(value.find_last_not_of('\0') + 1);
      values.push_back(std::move(value));
    }
    return values;
  }

 private:
  void read(void* into) const {
    require_hdf5(H5Aread(attribute_.get(), type_.get(), into), "read '" + name_ + "'");
  }

  const std::string& name_;
  Hdf5Handle attribute_, type_, space_;
  H5S_class_t shape_ = H5S_NO_CLASS;
  std::size_t count_ = 0, size_ = 0;
};

template <class T>
T read_as(hid_t object, const std::string& name, const char* expected) {
  Value value = read_value(object, name);
  if (auto* held = std::get_if<T>(&value)) return std::move(*held);
  refuse(name, std::string("is not ") + expected);
}

template <class T>
Matrix<T> read_matrix(hid_t dataset, const std::string& name, hid_t file_type) {
  const Hdf5Handle type(H5Dget_type(dataset), H5Tclose, "get the type of '" + name + "'");
  if (require_hdf5(H5Tequal(type.get(), file_type), "compare types") <= 0)
    refuse(name, "has another element type");
  const Hdf5Handle creation(H5Dget_create_plist(dataset), H5Pclose, "get the layout of '" + name + "'");
  std::array<hsize_t, 2> chunk{};
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose, "get the space of '" + name + "'");
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank != 1 && rank != 2) refuse(name, "is neither a list nor a matrix");
  if (H5Pget_layout(creation.get()) != H5D_CHUNKED ||
      H5Pget_chunk(creation.get(), rank, chunk.data()) != rank) {
    refuse(name, "is not chunked");
  }
  unsigned flags = 0, filter_configuration = 0;
  std::size_t elements = 0;
  if (H5Pget_nfilters(creation.get()) != 1 ||
      H5Pget_filter2(creation.get(), 0, &flags, &elements, nullptr, 0, nullptr, &filter_configuration) !=
          H5Z_FILTER_FLETCHER32) {
    refuse(name, "is not protected by fletcher32 alone");
  }
  std::array<hsize_t, 2> size{};
  require_hdf5(H5Sget_simple_extent_dims(space.get(), size.data(), nullptr),
               "get the size of '" + name + "'");
  Matrix<T> matrix;
  matrix.rows = size[0];
  matrix.cols = rank == 1 ? 0 : size[1];
  const hsize_t width = rank == 1 ? 1 : size[1];
  constexpr hsize_t kMostValues = kMostDatasetBytes / sizeof(T);
  const hsize_t chunk_width = rank == 1 ? 1 : chunk[1];
  if (size[0] == 0 || width == 0 || size[0] > kMostValues / width || chunk[0] == 0 || chunk_width == 0 ||
      chunk[0] > kMostValues / chunk_width) {
    refuse(name, "is empty or too large");
  }
  const std::size_t count = size[0] * width;
  // Missing chunks would silently read as zeros.
  if (H5Dget_storage_size(dataset) < count * sizeof(T)) refuse(name, "is not wholly there");
  matrix.values.resize(count);
  require_hdf5(H5Dread(dataset, file_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, matrix.values.data()),
               "read '" + name + "'");
  return matrix;
}

}  // namespace

std::vector<std::string> attribute_names(hid_t object) {
  Names names;
  hsize_t at = 0;
  require_hdf5(H5Aiterate2(object, H5_INDEX_CRT_ORDER, H5_ITER_INC, &at, keep_attribute, &names),
               "list attributes");
  return names;
}

std::vector<std::string> link_names(hid_t group) {
  Names names;
  hsize_t at = 0;
  require_hdf5(H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, &at, keep_link, &names), "list a group");
  return names;
}

bool has_attribute(hid_t object, const std::string& name) {
  return require_hdf5(H5Aexists(object, name.c_str()), "look for attribute '" + name + "'") > 0;
}

Hdf5Handle open_group(hid_t parent, const std::string& name) {
  return {H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose, "open group '" + name + "'"};
}

Hdf5Handle open_dataset(hid_t parent, const std::string& name) {
  return {H5Dopen2(parent, name.c_str(), H5P_DEFAULT), H5Dclose, "open dataset '" + name + "'"};
}

Value read_value(hid_t object, const std::string& name) {
  const Attribute attribute(object, name);
  const Hdf5Handle flag = bool_type();
  if (attribute.scalar()) {
    if (attribute.fixed_string()) return attribute.strings().at(0);
    if (attribute.is(H5T_STD_I64LE)) return attribute.number<std::int64_t>();
    if (attribute.is(H5T_IEEE_F64LE)) return attribute.number<double>();
    if (attribute.is(flag.get())) {
      const std::int8_t byte = attribute.number<std::int8_t>();
      if (byte == 0 || byte == 1) return byte == 1;
    }
  } else if (attribute.list() && attribute.is(H5T_STD_I64LE)) {
    return attribute.numbers<std::int64_t>();
  }
  refuse(name, "has a type that this format does not know");
}

std::string read_text(hid_t object, const std::string& name) {
  return read_as<std::string>(object, name, "a fixed-length string");
}

std::int64_t read_integer(hid_t object, const std::string& name) {
  return read_as<std::int64_t>(object, name, "an int64");
}

double read_number(hid_t object, const std::string& name) {
  return read_as<double>(object, name, "a float64");
}

bool read_flag(hid_t object, const std::string& name) {
  return read_as<bool>(object, name, "a bool");
}

std::vector<std::string> read_texts(hid_t object, const std::string& name, bool optional) {
  if (optional && !has_attribute(object, name)) return {};
  const Attribute attribute(object, name);
  if (!attribute.fixed_string() || !attribute.list() || attribute.count() == 0)
    refuse(name, "is not a list of strings");
  return attribute.strings();
}

Matrix<double> read_doubles(hid_t dataset, const std::string& name) {
  return read_matrix<double>(dataset, name, H5T_IEEE_F64LE);
}

Matrix<std::int64_t> read_integers(hid_t dataset, const std::string& name) {
  return read_matrix<std::int64_t>(dataset, name, H5T_STD_I64LE);
}

}  // namespace tpscale
