#include "console/flags/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace pool3::jobs {
namespace {

constexpr std::size_t line_width = 100;
constexpr std::size_t least_text_width = 40;
constexpr std::size_t indent = 2;  // before a form, and at least before its text

std::size_t column_of_texts(const std::vector<HelpGroup>& groups) {
  std::size_t longest = 0;
  for (const HelpGroup& group : groups)
    for (const HelpEntry& entry : group.entries) longest = std::max(longest, entry.form.size());
  return indent + longest + indent;
}

/// Lines of at most `width` characters, but for words that are longer.
std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

void append(std::string& help, const HelpEntry& entry, std::size_t column) {
  const std::size_t width = std::max(line_width, column + least_text_width) - column;
  std::string left = std::string(indent, ' ') + entry.form;
  for (const std::string& line : wrapped(entry.text, width)) {
    help += line.empty() ? left + "\n" : fmt::format("{:<{}}{}\n", left, column, line);
    left.clear();
  }
}

}  // namespace

std::string help_text(const std::string& usage, const std::string& summary, const std::vector<HelpGroup>& groups) {
  std::string help = fmt::format("Usage: {}\n\n{}\n", usage, summary);
  const std::size_t column = column_of_texts(groups);
  for (const HelpGroup& group : groups) {
    if (group.entries.empty()) continue;
    help += fmt::format("\n{}:\n", group.heading);
    for (const HelpEntry& entry : group.entries) append(help, entry, column);
  }
  return help;
}

}  // namespace pool3::jobs
