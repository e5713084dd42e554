#pragma once
// Before a finished file gets its last tables, its structure (all bytes that are in no table) is copied to
// PARTIAL.undo. So a job that is killed while HDF5 rewrites the structure can be taken back to where it was.

#include <cstdint>
#include <vector>

#include "pool3/files.hpp"
#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// Saves everything in `partial` but `tables`. REQUIRES: the file is closed.
void save_undo(const Place& partial, std::vector<Extent> tables);
/// What a copy holds.
struct Undo {
  std::int64_t file_bytes = 0;  ///< of the file when the copy was made
  std::vector<Extent> gaps;     ///< the structure, in rising order, inside file_bytes, not overlapping
  std::int64_t begin = 0;       ///< offset of the gaps' bytes in the copy, one gap after the other
};
/// Checks a copy. Throws Error for one that is cut off or damaged, or whose numbers can't be. Takes little memory,
/// whatever the file says.
[[nodiscard]] Undo read_undo(const Descriptor& copy);

/// Puts `partial` back to what it was at save_undo(), and removes the copy. Nothing happens if there is none.
/// Throws Error, before anything is changed, if the copy is no sound one of `partial`.
void restore_undo(const Place& partial);
void remove_undo(const Place& partial);
/// True if a job was killed, or is at work, between save_undo() and the end.
[[nodiscard]] bool undo_exists(const Place& partial);

}  // namespace pool3::store
