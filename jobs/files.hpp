#pragma once
// Small text files that jobs make.

#include <string>

namespace pool3::jobs {

/// Writes `text` under a temporary name, syncs, renames. Throws Error with this stage.
void replace_file(const std::string& path, const std::string& text, const std::string& stage);
/// Throws Error with this stage if a file can't be made at `path`: better now than after hours of work.
void check_output(const std::string& path, const std::string& stage);
/// Makes a folder and its parents. Throws Error with this stage.
void make_folder(const std::string& path, const std::string& stage);

}  // namespace pool3::jobs
