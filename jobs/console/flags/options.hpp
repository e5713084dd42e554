#pragma once
// Flags and config files of the subcommands.

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "console/flags/help.hpp"
#include "console/flags/list_values.hpp"
#include "console/flags/named_paths.hpp"

namespace pool3::jobs {

/// What changes when a flag gets another value.
enum class Changes {
  rows,     ///< what is computed: which rows, labels, a model
  content,  ///< rows, through the content of what it names, which Provenance tells: another value may give the same
            ///< file
  file,     ///< where the result lies and how it is laid out, and no value in it
  nothing,  ///< how fast it goes, what is said meanwhile, when it ends early
};
/// Files carry these flags as their configuration.
[[nodiscard]] constexpr bool changes_rows(Changes changes) { return changes <= Changes::content; }

/// The flags of one subcommand. A config file holds `flag = value` lines; those under `[COMMAND]` count for that
/// subcommand alone. Flags on the command line win over the file.
class OptionParser {
 public:
  OptionParser(std::string command, std::string summary);

  /// Flags that are added from now on stand under this heading in the help. A heading may be taken up again.
  void group(const std::string& heading) { heading_ = heading; }

  /// A flag with a default.
  template <typename T>
  void add(const std::string& name, T& value, const std::string& help, const T& fallback,
           Changes changes = Changes::rows) {
    const auto shown = fmt::format("{}", fallback);  // of numbers, the shortest form that reads back as the same
    declare(name, boost::program_options::value<T>(&value)->default_value(fallback, shown), help, changes);
  }
  /// A flag that must be given.
  template <typename T>
  void add_required(const std::string& name, T& value, const std::string& help, Changes changes = Changes::rows) {
    declare(name, boost::program_options::value<T>(&value)->required(), help, changes);
  }
  /// A flag without a value.
  void add_switch(const std::string& name, bool& value, const std::string& help, Changes changes = Changes::rows);
  /// Several numbers: `--C 0.1 1 10`, `--C 0.1,1,10`, `--C logspace:0.1:10:3`, or `C = 0.1 1 10` in a file.
  void add_numbers(const std::string& name, std::vector<double>& values, const std::string& help,
                   const std::string& fallback);
  /// Several words without blanks or commas in them: `--gamma 0.1 scale`, `--gamma 0.1,scale`; read them by words_of().
  void add_words(const std::string& name, std::vector<std::string>& values, const std::string& help,
                 const std::vector<std::string>& fallback, Changes changes = Changes::rows);
  /// Several texts: `--corpus a b`, `--corpus a --corpus b`, or a line for each in a file.
  void add_list(const std::string& name, std::vector<std::string>& values, const std::string& help,
                Changes changes = Changes::rows);
  /// The same, but none need be given.
  void add_optional_list(const std::string& name, std::vector<std::string>& values, const std::string& help,
                         Changes changes = Changes::rows);
  /// Words without a flag are values of this one too, which has been declared: all of them for a list, else one.
  void take_without_flag(const std::string& name);
  /// Arguments without a flag. At least one must be given.
  void take_arguments(const std::string& name, std::vector<std::string>& values, const std::string& help);
  /// The same, but there may be none.
  void take_optional_arguments(const std::string& name, std::vector<std::string>& values, const std::string& help);

  // Which flags name files. To be called once they are added. A path that is neither read nor written goes unchecked,
  // so a test asks for every flag.

  /// The flag names what is read.
  void reads(const std::string& flag, ReadPath::Form form = ReadPath::Form::path);
  /// The flag names what is made. `more`, `may_replace`: as in WrittenPath.
  void writes(const std::string& flag, std::vector<std::string> more = {}, std::string may_replace = {});
  void writes_link(const std::string& flag);
  void writes_folder(const std::string& flag, std::vector<std::string> names, std::string may_replace = {});
  /// Arguments are read, but for this one (from 0), which is made.
  void writes_argument(std::size_t index, std::vector<std::string> more = {});

  /// Sets the declared values. `known_elsewhere`: flags of other subcommands, which a shared config file may hold.
  /// Throws Error (usage).
  void parse(const std::vector<std::string>& arguments, const std::set<std::string>& known_elsewhere);
  /// The files that the command line and the config file name; after parse().
  [[nodiscard]] const NamedPaths& paths() const { return paths_; }
  [[nodiscard]] std::string help() const;
  [[nodiscard]] std::set<std::string> names() const;
  /// Only of the flags that change this.
  [[nodiscard]] std::set<std::string> names(Changes changes) const;
  /// Only of the flags that change rows, in whatever way.
  [[nodiscard]] std::set<std::string> names_that_change_rows() const;
  /// True if reads() or writes() has seen it.
  [[nodiscard]] bool names_file(const std::string& flag) const;
  [[nodiscard]] bool takes_arguments() const { return !argument_name_.empty() && !argument_is_optional_; }
  /// Only of the flags that take a text, other than those that reads() or writes() has seen.
  [[nodiscard]] std::set<std::string> names_of_texts() const;
  /// The resolved configuration as JSON: the flags that change rows.
  [[nodiscard]] const std::string& resolved() const { return resolved_; }
  /// The values that all ranks of a job must share, by flag: all but those that a rank may have for itself, as the
  /// number of its threads.
  [[nodiscard]] const std::map<std::string, std::string>& agreed() const { return agreed_; }
  [[nodiscard]] const std::string& log_format() const { return log_format_; }
  [[nodiscard]] const std::string& metrics() const { return metrics_; }
  [[nodiscard]] const std::string& prometheus() const { return prometheus_; }

 private:
  struct Flag {
    std::string name, heading;
    Changes changes;
  };
  struct Numbers {
    std::string name;
    std::vector<std::string> words;
    std::vector<double>* values;
  };
  void declare(const std::string& name, const boost::program_options::value_semantic* value, const std::string& help,
               Changes changes);
  void declare_common_flags();
  void read_config(const std::string& path, const std::set<std::string>& known_elsewhere,
                   boost::program_options::variables_map& map) const;
  [[nodiscard]] std::string see_help() const;
  [[nodiscard]] std::string unknown_flag(const std::string& given) const;
  [[nodiscard]] std::string stray_word(const std::string& word, const std::vector<std::string>& arguments) const;
  void resolve(const boost::program_options::variables_map& map);
  void collect_paths(const boost::program_options::variables_map& map);
  void set_agreed(const boost::program_options::variables_map& map);

  std::string command_, summary_, heading_, argument_name_, argument_help_;
  std::string log_format_, config_path_, metrics_, prometheus_, resolved_;
  boost::program_options::options_description described_, arguments_;
  boost::program_options::positional_options_description positions_;
  bool argument_is_optional_ = false;
  std::vector<Flag> flags_;
  std::set<std::string> lists_;
  std::map<std::string, std::string> agreed_;
  std::vector<std::unique_ptr<Numbers>> numbers_;
  NamedPaths roles_;  ///< names without their dashes, no paths
  NamedPaths paths_;
  std::size_t written_argument_ = std::string::npos;
  std::vector<std::string> beside_argument_;
};

}  // namespace pool3::jobs
