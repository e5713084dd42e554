#include "console/options.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "console/spelling.hpp"
#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

namespace po = boost::program_options;

constexpr const char* stray_words = "words that belong to no flag";
constexpr const char* common_heading = "Common flags";  // of every command; last in the help

/// Numbers separated by blanks or commas.
void append_numbers(const std::string& name, std::string text, std::vector<double>& values) {
  std::replace(text.begin(), text.end(), ',', ' ');
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size())
      throw usage_error(fmt::format("--{}: '{}' is not a number", name, word));
    values.push_back(value);
  }
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

void OptionParser::add_list(const std::string& name, std::vector<std::string>& values, const std::string& help,
                            Changes changes) {
  declare(name, po::value<std::vector<std::string>>(&values)->multitoken()->required(), help, changes);
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

void OptionParser::read_config(const std::string& path, const std::set<std::string>& known_elsewhere,
                               po::variables_map& map) const {
  std::ifstream file(path);
  if (!file) throw usage_error(fmt::format("--config {}: cannot be read", path), "check the path");
  std::vector<po::option> inside, outside;
  const auto known = names();
  for (auto& option : po::parse_config_file(file, po::options_description(), true).options) {
    const auto dot = option.string_key.rfind('.');
    const std::string section = dot == std::string::npos ? "" : option.string_key.substr(0, dot);
    if (dot != std::string::npos) option.string_key.erase(0, dot + 1);
    const bool is_known = known.contains(option.string_key);
    if (!is_known && !known_elsewhere.contains(option.string_key))
      throw usage_error(fmt::format("--config {}: there is no flag '{}'", path, option.string_key), see_help());
    if (!is_known || (!section.empty() && section != command_)) continue;
    option.unregistered = false;
    std::vector<po::option>& those = section.empty() ? outside : inside;
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
  if (map.count("config") > 0) read_config(map["config"].as<std::string>(), known_elsewhere, map);
  po::notify(map);
  for (const auto& n : numbers_) {
    n->values->clear();
    for (const auto& word : n->words) append_numbers(n->name, word, *n->values);
  }
  if (log_format_ != "text" && log_format_ != "json") throw usage_error("--log-format must be text or json");
  resolve(map);
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

std::set<std::string> OptionParser::names_that_change_rows() const {
  std::set<std::string> some;
  for (const Flag& flag : flags_)
    if (changes_rows(flag.changes)) some.insert(flag.name);
  return some;
}

std::vector<std::string> in_short(std::vector<std::string> words) {
  constexpr std::size_t most_bytes = std::size_t{1} << 14U;
  const std::size_t all = words.size();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < all; ++i) {
    bytes += words[i].size() + 1;
    if (bytes <= most_bytes) continue;
    words.resize(i);
    words.push_back(fmt::format("... ({} in all)", all));
    break;
  }
  return words;
}

}  // namespace pool3::jobs
