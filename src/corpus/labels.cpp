#include "corpus/labels.hpp"

#include <fmt/format.h>

#include <locale>

#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "pool3/error.hpp"

namespace pool3 {
namespace corpus {
namespace {

using Kind = LabelRule::Kind;

std::regex compile(const std::string& pattern) {
  try {
    std::regex compiled;
    compiled.imbue(std::locale::classic());
    compiled.assign(pattern, std::regex::ECMAScript | std::regex::optimize);
    if (compiled.mark_count() > 0) return compiled;
  } catch (const std::regex_error& error) {
    throw usage_error(fmt::format("label pattern \"{}\": {}", pattern, error.what()),
                      "patterns are as in JavaScript, without (?<=...) and (?<name>...)");
  }
  throw usage_error(fmt::format("label pattern \"{}\" has no group", pattern),
                    "put the part that is the label in round brackets, as in regex:([a-z]+)_");
}

std::string top_folder(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  if (path.starts_with('/') || path.starts_with("../")) {  // no root to count from: the folder that holds the file
    const std::size_t end = path.rfind('/');
    const std::size_t before = end == 0 ? std::string_view::npos : path.rfind('/', end - 1);
    if (before == std::string_view::npos) return "";
    const std::string_view folder = path.substr(before + 1, end - before - 1);
    return folder == ".." ? "" : std::string(folder);
  }
  const std::size_t end = path.find('/');
  return end == std::string_view::npos ? "" : std::string(path.substr(0, end));
}

std::string name_without_number(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos && dot > 0) name = name.substr(0, dot);
  const std::size_t digits = name.find_last_not_of("0123456789");
  if (digits != std::string_view::npos && digits + 1 < name.size() && name[digits] == '_')
    name = name.substr(0, digits);
  return std::string(name);
}

std::string first_group(const std::regex& pattern, std::string_view path) {
  try {
    std::match_results<std::string_view::const_iterator> match;
    return std::regex_search(path.begin(), path.end(), match, pattern) ? match[1].str() : "";
  } catch (const std::regex_error& error) {  // the search was given up as too costly
    throw Error({.stage = stage,
                 .path = std::string(path),
                 .cause = fmt::format("label pattern: {}", error.what()),
                 .advice = "use a simpler pattern"});
  }
}

}  // namespace

Labeller::Labeller(const LabelRule& rule) : kind_(rule.kind) {
  if (kind_ == Kind::regex) pattern_ = compile(rule.pattern);
}

std::string Labeller::operator()(std::string_view path, std::string_view column) const {
  return trimmed(label_of(path, column));
}

std::string Labeller::label_of(std::string_view path, std::string_view column) const {
  switch (kind_) {
    case Kind::automatic:
    case Kind::directory:
      return top_folder(path);
    case Kind::filename:
      return name_without_number(path);
    case Kind::regex:
      return first_group(*pattern_, path);
    case Kind::column:
      return std::string(column);
    case Kind::none:
      break;
  }
  return {};
}

}  // namespace corpus

LabelRule parse_label_rule(const std::string& text) {
  using Kind = LabelRule::Kind;
  if (text == "auto") return {.kind = Kind::automatic, .pattern = {}};
  if (text == "directory") return {.kind = Kind::directory, .pattern = {}};
  if (text == "filename") return {.kind = Kind::filename, .pattern = {}};
  if (text == "column") return {.kind = Kind::column, .pattern = {}};
  if (text == "none") return {.kind = Kind::none, .pattern = {}};
  constexpr std::string_view prefix = "regex:";
  if (!text.starts_with(prefix)) {
    throw usage_error(fmt::format("label rule \"{}\" is not known", text),
                      "use auto, directory, filename, regex:PATTERN, column or none");
  }
  LabelRule rule{.kind = Kind::regex, .pattern = text.substr(prefix.size())};
  static_cast<void>(corpus::compile(rule.pattern));
  return rule;
}

SeveralLabels parse_several_labels(const std::string& text) {
  using Kind = SeveralLabels::Kind;
  if (text == "refuse") return {.kind = Kind::refuse, .column = {}};
  if (text == "none") return {.kind = Kind::none, .column = {}};
  if (text == "first") return {.kind = Kind::first, .column = {}};
  constexpr std::string_view highest = "highest:";
  if (text.starts_with(highest) && text.size() > highest.size())
    return {.kind = Kind::highest, .column = text.substr(highest.size())};
  throw usage_error(fmt::format("--several-labels \"{}\" is not known", text),
                    "use refuse, none, first or highest:COLUMN");
}

std::string label_of(const LabelRule& rule, std::string_view path, std::string_view column) {
  return corpus::Labeller(rule)(path, column);
}

}  // namespace pool3
