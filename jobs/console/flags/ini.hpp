#pragma once
// Config files: `name = value` lines under `[section]` headings.

#include <string>
#include <string_view>
#include <vector>

namespace pool3::jobs {

struct IniLine {
  std::string section, name, value;
  int number = 0;  ///< in the file, from 1
};

/// The lines of a config file. A comment begins with #, at the start of a line or after a blank; a # within a word is
/// part of the value. Throws Error (usage) that names `path` and the line.
[[nodiscard]] std::vector<IniLine> parse_ini(std::string_view text, const std::string& path);

}  // namespace pool3::jobs
