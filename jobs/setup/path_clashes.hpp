#pragma once
// No output is an input, or another output.

#include "console/flags/named_paths.hpp"

namespace pool3::jobs {

/// Throws Error (usage) if something that is made would take the place of something that is read, or of something else
/// that is made; also through symbolic and hard links, as a file beside another, as a part of a link file, or as the
/// file that stdout or stderr goes to. Also if there is a pipe, device or socket where a file is to be made. Looks at
/// files and changes none. Call on one rank, before anything is opened for writing.
void refuse_path_clashes(const NamedPaths& paths);

}  // namespace pool3::jobs
