#include "console/flags/options.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "console/flags/ini.hpp"
#include "console/flags/spelling.hpp"
#include "console/flags/urls.hpp"
#include "pool3/files.hpp"

namespace pool3::jobs {
namespace {

namespace po = boost::program_options;

/// Flags that may differ from rank to rank.
constexpr std::array<std::string_view, 7> of_each_rank = {"config",     "help",    "log-format",    "metrics",
                                                          "prometheus", "threads", "solver-threads"};
constexpr const char* stray_words = "words that belong to no flag";
constexpr const char* common_heading = "Common flags";  // of every command; last in the help

/// Throws Error (usage).
std::string config_text(const std::string& path) try {
  constexpr std::int64_t most_bytes = std::int64_t{16} << 20U;
  return read_source({"", path}, most_bytes);
} catch (const Error& error) {
  throw usage_error(fmt::format("--config {}: {}", path, error.fields().cause), "check the path");
}

nlohmann::json json_of(const boost::any& value) {
  if (const auto* s = boost::any_cast<std::string>(&value)) return *s;
  if (const auto* i = boost::any_cast<int>(&value)) return *i;
  if (const auto* l = boost::any_cast<std::int64_t>(&value)) return *l;
  if (const auto* u = boost::any_cast<std::uint64_t>(&value)) return *u;
  if (const auto* d = boost::any_cast<double>(&value)) return *d;
  if (const auto* b = boost::any_cast<bool>(&value)) return *b;
  if (const auto* v = boost::any_cast<std::vector<std::string>>(&value)) return in_short(*v);
  return nullptr;
}

/// As it may be shown; not for machines.
std::string text_of(const boost::any& value) {
  if (const auto* s = boost::any_cast<std::string>(&value)) return *s;
  if (const auto* v = boost::any_cast<std::vector<std::string>>(&value)) return fmt::format("{}", fmt::join(*v, " "));
  if (const auto* d = boost::any_cast<double>(&value)) return fmt::format("{}", *d);
  return json_of(value).dump();
}

/// A path of the command line that is empty comes of a variable of the shell that is not set. Throws Error (usage).
void refuse_empty(const std::string& flag, const boost::any& value) {
  const auto* const text = boost::any_cast<std::string>(&value);
  const auto* const list = boost::any_cast<std::vector<std::string>>(&value);
  const bool is_empty =
      (text != nullptr && text->empty()) || (list != nullptr && std::ranges::find(*list, std::string()) != list->end());
  if (is_empty)
    throw usage_error(fmt::format("{} is given an empty text", flag), "is a variable of the shell not set?");
}

}  // namespace

OptionParser::OptionParser(std::string command, std::string summary)
    : command_(std::move(command)), summary_(std::move(summary)) {
  declare_common_flags();
  group("Flags");
}

void OptionParser::declare_common_flags() {
  group(common_heading);
  add("log-format", log_format_, "text or json", std::string("text"), Changes::nothing);
  add("metrics", metrics_, "folder that gets rank-N.jsonl: progress, and what each rank does", std::string(),
      Changes::nothing);
  add("prometheus", prometheus_, "text file for node exporter: images done, failed, rate, ETA, stage", std::string(),
      Changes::nothing);
  declare("config", po::value<std::string>(&config_path_), "ini file of flags; flags given here override it",
          Changes::nothing);
  reads("config");
  writes_folder("metrics", {"rank-*.jsonl"});
  writes("prometheus");
  declare("help", new po::untyped_value(true), "print this; also -h", Changes::nothing);
}

void OptionParser::declare(const std::string& name, const po::value_semantic* value, const std::string& help,
                           Changes changes) {
  described_.add_options()(name.c_str(), value, help.c_str());
  flags_.push_back({name, heading_, changes});
}

void OptionParser::add_switch(const std::string& name, bool& value, const std::string& help, Changes changes) {
  declare(name, po::value<bool>(&value)->default_value(false)->implicit_value(true)->zero_tokens(), help, changes);
}

void OptionParser::add_numbers(const std::string& name, std::vector<double>& values, const std::string& help,
                               const std::string& fallback) {
  numbers_.push_back(std::make_unique<Numbers>(Numbers{name, {}, &values}));
  declare(
      name,
      po::value<std::vector<std::string>>(&numbers_.back()->words)->multitoken()->default_value({fallback}, fallback),
      help, Changes::rows);
}

void OptionParser::add_words(const std::string& name, std::vector<std::string>& values, const std::string& help,
                             const std::vector<std::string>& fallback, Changes changes) {
  const auto shown = fmt::format("{}", fmt::join(fallback, " "));
  declare(name, po::value<std::vector<std::string>>(&values)->multitoken()->default_value(fallback, shown), help,
          changes);
}

void OptionParser::add_list(const std::string& name, std::vector<std::string>& values, const std::string& help,
                            Changes changes) {
  declare(name, po::value<std::vector<std::string>>(&values)->multitoken()->required(), help, changes);
  lists_.insert(name);
}

void OptionParser::add_optional_list(const std::string& name, std::vector<std::string>& values, const std::string& help,
                                     Changes changes) {
  auto* const value = po::value<std::vector<std::string>>(&values);
  declare(name, value->multitoken()->default_value({}, ""), help, changes);
  lists_.insert(name);
}

void OptionParser::take_without_flag(const std::string& name) {
  positions_.add(name.c_str(), lists_.contains(name) ? -1 : 1);
  argument_name_ = name;
  std::ranges::transform(argument_name_, argument_name_.begin(), [](unsigned char c) { return std::toupper(c); });
  argument_help_ = fmt::format("as --{}", name);
  argument_is_optional_ = true;
}

void OptionParser::take_arguments(const std::string& name, std::vector<std::string>& values, const std::string& help) {
  argument_name_ = name;
  argument_help_ = help;
  arguments_.add_options()(name.c_str(), po::value<std::vector<std::string>>(&values)->required(), help.c_str());
  positions_.add(name.c_str(), -1);
}

void OptionParser::take_optional_arguments(const std::string& name, std::vector<std::string>& values,
                                           const std::string& help) {
  argument_name_ = name;
  argument_help_ = help;
  argument_is_optional_ = true;
  arguments_.add_options()(name.c_str(), po::value<std::vector<std::string>>(&values), help.c_str());
  positions_.add(name.c_str(), -1);
}

void OptionParser::reads(const std::string& flag, ReadPath::Form form) { roles_.reads.push_back({flag, {}, form}); }

void OptionParser::writes(const std::string& flag, std::vector<std::string> more, std::string may_replace) {
  roles_.writes.push_back({flag, {}, WrittenPath::Kind::file, std::move(more), std::move(may_replace)});
}

void OptionParser::writes_link(const std::string& flag) {
  roles_.writes.push_back({flag, {}, WrittenPath::Kind::link});
}

void OptionParser::writes_folder(const std::string& flag, std::vector<std::string> names, std::string may_replace) {
  roles_.writes.push_back({flag, {}, WrittenPath::Kind::folder, std::move(names), std::move(may_replace)});
}

void OptionParser::writes_argument(std::size_t index, std::vector<std::string> more) {
  written_argument_ = index;
  beside_argument_ = std::move(more);
}

void OptionParser::read_config(const std::string& path, const std::set<std::string>& known_elsewhere,
                               po::variables_map& map) const {
  std::vector<po::option> inside, outside;
  const auto known = names();
  for (const IniLine& line : parse_ini(config_text(path), path)) {
    const bool is_known = known.contains(line.name);
    if (!is_known && !known_elsewhere.contains(line.name))
      throw usage_error(fmt::format("--config {}:{}: there is no flag '{}'", path, line.number, line.name), see_help());
    if (!is_known || (!line.section.empty() && line.section != command_)) continue;
    po::option option(line.name, {line.value});
    option.original_tokens = {line.name, line.value};
    std::vector<po::option>& those = line.section.empty() ? outside : inside;
    const auto same = std::ranges::find(those, option.string_key, &po::option::string_key);
    if (same != those.end() && lists_.contains(option.string_key)) {
      same->value.insert(same->value.end(), option.value.begin(), option.value.end());
    } else {
      those.push_back(option);
    }
  }
  // A section of this subcommand comes before what stands outside: the first value wins.
  inside.insert(inside.end(), outside.begin(), outside.end());
  // Within one store() a second value would be an error, so values go in one by one.
  std::set<std::string> seen;
  for (const auto& option : inside) {
    if (!seen.insert(option.string_key).second) continue;
    po::parsed_options one(&described_);
    one.options.push_back(option);
    po::store(one, map);
  }
}

std::string OptionParser::unknown_flag(const std::string& given) const {
  const std::string word = given.substr(std::min(given.find_first_not_of('-'), given.size()));
  const std::string meant = nearest(word, names());
  return fmt::format("there is no flag {}{}", given, did_you_mean(meant.empty() ? "" : "--" + meant));
}

/// What is wrong with a word that is no value of a flag: most often the flag before it takes fewer.
std::string OptionParser::stray_word(const std::string& word, const std::vector<std::string>& arguments) const {
  auto at = std::make_reverse_iterator(std::ranges::find(arguments, word));
  const auto flag = std::find_if(at, arguments.rend(), [](const std::string& s) { return s.starts_with("--"); });
  std::string why;
  if (flag != arguments.rend() && flag->find('=') == std::string::npos) {
    const po::option_description* described = described_.find_nothrow(flag->substr(2), false);
    const bool is_switch = described != nullptr && described->semantic()->max_tokens() == 0;
    why = fmt::format(": {} takes {} value", *flag, is_switch ? "no" : "one");
  }
  return fmt::format("'{}' belongs to no flag{}", word, why);
}

void OptionParser::parse(const std::vector<std::string>& arguments, const std::set<std::string>& known_elsewhere) try {
  std::vector<std::string> stray;
  po::options_description all;
  all.add(described_).add(arguments_).add_options()(stray_words, po::value(&stray));
  po::positional_options_description positions = positions_;
  if (positions.max_total_count() != std::numeric_limits<unsigned>::max()) positions.add(stray_words, -1);
  po::variables_map map;
  const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  po::store(po::command_line_parser(arguments).options(all).positional(positions).style(style).run(), map);
  if (map.count(stray_words) > 0)
    throw usage_error(stray_word(map[stray_words].as<std::vector<std::string>>().front(), arguments), see_help());
  for (const auto& [name, value] : map) {
    const bool is_path = name == argument_name_ || names_file(name) || lists_.contains(name);
    if (is_path && !value.defaulted()) refuse_empty(name == argument_name_ ? name : "--" + name, value.value());
  }
  if (map.count("config") > 0) read_config(map["config"].as<std::string>(), known_elsewhere, map);
  po::notify(map);
  for (const auto& n : numbers_) {
    n->values->clear();
    for (const auto& word : n->words) append_numbers(n->name, word, *n->values);
  }
  if (log_format_ != "text" && log_format_ != "json") throw usage_error("--log-format must be text or json");
  resolve(map);
  collect_paths(map);
  refuse_urls(paths_);
  set_agreed(map);
} catch (const po::required_option& error) {
  const std::string name = error.get_option_name();
  throw usage_error(
      name == "--" + argument_name_ ? fmt::format("no {} given", argument_name_) : fmt::format("{} is missing", name),
      see_help());
} catch (const po::unknown_option& error) {
  throw usage_error(unknown_flag(error.get_option_name()), see_help());
} catch (const po::error& error) {
  throw usage_error(error.what(), see_help());
}

void OptionParser::resolve(const po::variables_map& map) {
  nlohmann::json resolved = {{"command", command_}};
  for (const std::string& name : names_that_change_rows())
    if (const auto found = map.find(name); found != map.end()) resolved[name] = json_of(found->second.value());
  for (const auto& n : numbers_) resolved[n->name] = *n->values;
  resolved_ = resolved.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void OptionParser::collect_paths(const po::variables_map& map) {
  const auto values = [&](const std::string& name) -> std::vector<std::string> {
    const auto found = map.find(name);
    if (found == map.end()) return {};
    if (const auto* list = boost::any_cast<std::vector<std::string>>(&found->second.value())) return *list;
    return {found->second.as<std::string>()};
  };
  paths_ = {};
  for (const ReadPath& role : roles_.reads) {
    for (const std::string& value : values(role.name)) {
      if (value.empty() && role.form != ReadPath::Form::weights) continue;
      paths_.reads.push_back({"--" + role.name, value, role.form});
    }
  }
  for (const WrittenPath& role : roles_.writes) {
    for (const std::string& value : values(role.name)) {
      if (value.empty()) continue;
      const std::string replaced = role.may_replace.empty() ? "" : "--" + role.may_replace;
      paths_.writes.push_back({"--" + role.name, value, role.kind, role.more, replaced});
    }
  }
  const std::vector<std::string> arguments = values(argument_name_);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i == written_argument_)
      paths_.writes.push_back({argument_name_, arguments[i], WrittenPath::Kind::file, beside_argument_});
    else
      paths_.reads.push_back({argument_name_, arguments[i]});
  }
}

void OptionParser::set_agreed(const po::variables_map& map) {
  agreed_.clear();
  for (const auto& [name, value] : map)
    if (std::ranges::find(of_each_rank, name) == of_each_rank.end())
      agreed_[name == argument_name_ ? name : "--" + name] = text_of(value.value());
}

std::string OptionParser::see_help() const { return fmt::format("see pool3 {} --help", command_); }

std::string OptionParser::help() const {
  std::vector<HelpGroup> groups(1);
  if (!argument_name_.empty()) groups[0] = {"Arguments", {{argument_name_, argument_help_}}};
  HelpGroup common{common_heading, {}};
  for (const Flag& flag : flags_) {
    auto group = std::ranges::find(groups, flag.heading, &HelpGroup::heading);
    if (flag.heading != common_heading && group == groups.end())
      group = groups.insert(groups.end(), {flag.heading, {}});
    HelpGroup& its = flag.heading == common_heading ? common : *group;
    const po::option_description& described = described_.find(flag.name, false);
    const std::string value = described.format_parameter();
    its.entries.push_back(
        {fmt::format("--{}{}{}", flag.name, value.empty() ? "" : " ", value), described.description()});
  }
  groups.push_back(common);
  std::string arguments = argument_name_.empty() ? "" : fmt::format(" {}", argument_name_);
  if (positions_.max_total_count() == std::numeric_limits<unsigned>::max()) arguments += "...";
  if (argument_is_optional_) arguments = fmt::format(" [{}]", arguments.substr(1));
  return help_text(fmt::format("pool3 {} [flags]{}", command_, arguments), summary_, groups);
}

std::set<std::string> OptionParser::names() const {
  std::set<std::string> all;
  for (const Flag& flag : flags_) all.insert(flag.name);
  return all;
}

std::set<std::string> OptionParser::names(Changes changes) const {
  std::set<std::string> some;
  for (const Flag& flag : flags_)
    if (flag.changes == changes) some.insert(flag.name);
  return some;
}

bool OptionParser::names_file(const std::string& flag) const {
  return std::ranges::find(roles_.reads, flag, &ReadPath::name) != roles_.reads.end() ||
         std::ranges::find(roles_.writes, flag, &WrittenPath::name) != roles_.writes.end();
}

std::set<std::string> OptionParser::names_of_texts() const {
  std::set<std::string> texts;
  for (const Flag& flag : flags_) {
    const auto semantic = described_.find(flag.name, false).semantic();
    const auto* typed = dynamic_cast<const po::typed_value_base*>(semantic.get());
    const bool is_text = typed != nullptr && typed->value_type() == typeid(std::string);
    if ((is_text || lists_.contains(flag.name)) && !names_file(flag.name)) texts.insert(flag.name);
  }
  return texts;
}

std::set<std::string> OptionParser::names_that_change_rows() const {
  std::set<std::string> some;
  for (const Flag& flag : flags_)
    if (changes_rows(flag.changes)) some.insert(flag.name);
  return some;
}

}  // namespace pool3::jobs
