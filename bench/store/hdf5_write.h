#pragma once
#include <span>
#include <string>
#include <vector>

#include "bench/store/hdf5_handle.h"
#include "bench/store/point.h"

namespace tpscale {

/// The few shapes of data that schema.md knows. All throw Hdf5Error.
void write_attribute(hid_t object, const std::string& name, const Value& value);
void write_attribute(hid_t object, const std::string& name,
                     const std::vector<std::string>& values);  ///< not empty
Hdf5Handle make_group(hid_t parent, const std::string& name);
/// A chunked dataset with fletcher32 of `values`, row-major [rows, cols]; cols == 0: one-dimensional [rows].
Hdf5Handle write_dataset(hid_t parent, const std::string& name, std::size_t rows, std::size_t cols,
                         std::span<const double> values);
Hdf5Handle write_dataset(hid_t parent, const std::string& name, std::size_t rows, std::size_t cols,
                         std::span<const std::int64_t> values);
/// int8 enumeration FALSE, TRUE: what h5py takes for a bool.
Hdf5Handle bool_type();

}  // namespace tpscale
