#pragma once
#include <string>

#include "bench/store/bytes.h"
#include "bench/store/point.h"

namespace tpscale {

/// Reads every value of a point's file and checks all that can be checked: format, version, completeness,
/// checksums, the content hash, and that the id fits the parameters. Throws BadDataError that names `file`
/// and what is wrong with it.
Point read_point(const Bytes& bytes, const std::string& file);

}  // namespace tpscale
