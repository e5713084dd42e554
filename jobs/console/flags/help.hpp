#pragma once
// What --help prints of one subcommand. help2man makes a man page of it: a usage line, and flags under headings.

#include <string>
#include <vector>

namespace pool3::jobs {

/// "--C arg (=1)" and what it means.
struct HelpEntry {
  std::string form, text;
};

/// Entries under one heading.
struct HelpGroup {
  std::string heading;
  std::vector<HelpEntry> entries;
};

/// The whole text, with all descriptions in one column and lines of at most 100 characters. Groups without entries
/// are left out.
[[nodiscard]] std::string help_text(const std::string& usage, const std::string& summary,
                                    const std::vector<HelpGroup>& groups);

}  // namespace pool3::jobs
