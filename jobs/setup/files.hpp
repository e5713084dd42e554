#pragma once
// Files that jobs read and make whole.

#include <cstddef>
#include <string>
#include <vector>

namespace pool3::jobs {

/// A whole file, or member of a tar file (FILE.tar/MEMBER). Throws ImageError (missing, unreadable) with the system's
/// words.
[[nodiscard]] std::vector<std::byte> read_file(const std::string& path);
/// Writes `text` under a temporary name, syncs, renames. Throws Error with this stage.
void replace_file(const std::string& path, const std::string& text, const std::string& stage);
/// Throws Error with this stage if a file can't be made at `path`: better now than after hours of work.
void check_output(const std::string& path, const std::string& stage);
/// Makes a folder and its parents. Throws Error with this stage.
void make_folder(const std::string& path, const std::string& stage);

}  // namespace pool3::jobs
