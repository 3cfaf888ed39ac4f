#pragma once
#include <string>
#include <vector>

#include "bench/store/hdf5_handle.h"
#include "bench/store/point.h"

namespace tpscale {

/// Strict readers of what hdf5_write.h writes. The file is untrusted: every type must be exactly ours and
/// every size is capped before memory is taken. All throw Hdf5Error.

std::vector<std::string> attribute_names(hid_t object);  ///< in the order they were made
std::vector<std::string> link_names(hid_t group);        ///< likewise; anything but a hard link is refused
bool has_attribute(hid_t object, const std::string& name);
Hdf5Handle open_group(hid_t parent, const std::string& name);
Hdf5Handle open_dataset(hid_t parent, const std::string& name);

Value read_value(hid_t object, const std::string& name);
std::string read_text(hid_t object, const std::string& name);
std::int64_t read_integer(hid_t object, const std::string& name);
double read_number(hid_t object, const std::string& name);
bool read_flag(hid_t object, const std::string& name);
/// Where `optional`, an attribute that is not there is an empty list.
std::vector<std::string> read_texts(hid_t object, const std::string& name, bool optional);

template <class Number>
struct Matrix {
  std::size_t rows = 0, cols = 0;  ///< cols == 0: one-dimensional
  std::vector<Number> values;      ///< row-major
};
Matrix<double> read_doubles(hid_t dataset, const std::string& name);
Matrix<std::int64_t> read_integers(hid_t dataset, const std::string& name);

}  // namespace tpscale
