#pragma once
// Making a file appear whole or not at all.

#include <cstdint>
#include <string>

#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// Throws unless place.path can be made: its folder is there and writable, and it is not itself a folder.
void check_target(const Place& place);
/// Throws unless files can be made in the folder of place.path.
void check_folder(const Place& place);
/// Throws if the file system of place.path says that it has less than `bytes` free.
void check_space(const Place& place, std::int64_t bytes);
/// Throws unless place.path is a file that can be read.
void check_source(const Place& place);
[[nodiscard]] bool exists(const std::string& path);
[[nodiscard]] std::int64_t size_of(const Place& place);
/// Removes a file, if it is there.
void remove_file(const Place& place);
/// Returns when the content of a file is on stable storage.
void sync_file(const Place& place);
/// Syncs `from`, renames it to place.path, syncs the folder: after this the file survives a loss of power.
void publish(const Place& place, const std::string& from);

}  // namespace pool3::store
