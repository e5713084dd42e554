#pragma once
// Before a finished file gets its last tables, its structure (all bytes that are in no table) is copied to
// PARTIAL.undo. So a job that is killed while HDF5 rewrites the structure can be taken back to where it was.

#include <vector>

#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// Saves everything in `partial` but `tables`. REQUIRES: the file is closed.
void save_undo(const Place& partial, std::vector<Extent> tables);
/// Puts `partial` back to what it was at save_undo(), and removes the copy. Nothing happens if there is none.
void restore_undo(const Place& partial);
void remove_undo(const Place& partial);
/// True if a job was killed, or is at work, between save_undo() and the end.
[[nodiscard]] bool undo_exists(const Place& partial);

}  // namespace pool3::store
