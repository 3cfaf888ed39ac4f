#pragma once
#include <optional>
#include <string>

#include "bench/store/bytes.h"

namespace tpscale {

/// Writes `bytes` so that `path` is, at any moment and after any crash, either what it was or wholly the new
/// content: temporary name, fsync, read-only, rename, fsync of the folder. When it returns the content is on
/// the disk. Throws InputOutputError; the temporary file is gone then (unless the process was killed).
void write_durably(const std::string& path, const Bytes& bytes);
/// The same for a name that is new. False, and what is there stays as it is, where somebody else had it first
/// - even at the last moment, as far as the file system has hard links (without them it is then replaced).
bool write_new_durably(const std::string& path, const Bytes& bytes);
/// Keeps what is at `path` under `kept` too, whatever `path` becomes; an older `kept` stays. Where there are
/// no hard links it is moved there. Throws InputOutputError.
void keep_as(const std::string& path, const std::string& kept);
/// The file's bytes, nullopt where there is no such file. Throws InputOutputError, and BadDataError where it
/// is larger than a result file can be (1 GiB) or no regular file.
std::optional<Bytes> read_whole(const std::string& path);
/// Removes a file; one that is not there is removed already. Throws InputOutputError.
void remove_file(const std::string& path);
/// Makes a folder and those above it. Throws InputOutputError.
void make_folder(const std::string& path);

}  // namespace tpscale
