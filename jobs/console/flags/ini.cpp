#include "console/flags/ini.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pool3/error.hpp"
#include "pool3/text/utf8.hpp"

namespace pool3::jobs {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
    if (at == 0 || blanks.find(line[at - 1]) != std::string_view::npos) return line.substr(0, at);
  return line;
}

}  // namespace

std::vector<IniLine> parse_ini(std::string_view text, const std::string& path) {
  if (text.starts_with(utf8_mark)) text.remove_prefix(utf8_mark.size());
  std::vector<IniLine> lines;
  std::string section;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(without_comment(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (line.front() == '[' && line.back() == ']') {
      section = trimmed(line.substr(1, line.size() - 2));
      continue;
    }
    const std::size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, std::min(equals, line.size())));
    if (equals == std::string_view::npos || name.empty() || line.find('\0') != std::string_view::npos)
      throw usage_error(fmt::format("--config {}:{}: '{:.200}' is not a line like flag = value", path, number, line));
    const std::size_t dot = name.rfind('.');  // SECTION.NAME is another form of a heading
    const std::string own = dot == std::string_view::npos ? "" : std::string(name.substr(0, dot));
    lines.push_back({own.empty()       ? section
                     : section.empty() ? own
                                       : fmt::format("{}.{}", section, own),
                     std::string(dot == std::string_view::npos ? name : name.substr(dot + 1)),
                     std::string(trimmed(line.substr(equals + 1))), number});
  }
  return lines;
}

}  // namespace pool3::jobs
